// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Makes the bytes of synthetic tensors: word n of a tensor is a hash of n, the tensor's number and
 * the seed. Not thread-safe.
 */
final class RandomBytes {
  /** Stays in the processor's cache between making and writing. */
  private static final int BLOCK = 256 << 10;

  /** The step and the multipliers of SplittableRandom's generator (Stafford's variant 13). */
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private static final long FIRST = 0xBF58476D1CE4E5B9L;
  private static final long SECOND = 0x94D049BB133111EBL;

  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
  private final LongBuffer words = block.asLongBuffer();
  private final long seed;
  private final long mask;

  RandomBytes(long seed, DType dtype) {
    this.seed = mix(seed);
    this.mask = mask(dtype);
  }

  /**
   * Returns the bits to keep. Truth values are 0 or 1. In floats the highest exponent bit is clear:
   * all are below 2, so that none is infinite or NaN and any conversion can be checked.
   */
  private static long mask(DType dtype) {
    return switch (dtype) {
      case BOOL -> 0x0101010101010101L;
      case F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ -> 0xBFBFBFBFBFBFBFBFL;
      case F16, BF16 -> 0xBFFFBFFFBFFFBFFFL;
      case F32, C64 -> 0xBFFFFFFFBFFFFFFFL;
      case F64 -> 0xBFFFFFFFFFFFFFFFL;
      case F4, F6_E2M3, F6_E3M2, U8, I8, I16, U16, I32, U32, I64, U64 -> -1;
    };
  }

  private static long mix(long z) {
    long first = (z ^ (z >>> 30)) * FIRST;
    long second = (first ^ (first >>> 27)) * SECOND;
    return second ^ (second >>> 31);
  }

  /** Writes all bytes of the tensor with this number. */
  void write(long tensor, long bytes, WritableByteChannel target) throws IOException {
    long start = mix(seed + tensor * STEP);
    for (long done = 0; done < bytes; done += BLOCK) {
      fill(start + done / Long.BYTES * STEP);
      block.clear().limit((int) Math.min(BLOCK, bytes - done));
      while (block.hasRemaining()) {
        target.write(block);
      }
    }
  }

  private void fill(long start) {
    for (int i = 0; i < words.capacity(); i++) {
      words.put(i, mix(start + i * STEP) & mask);
    }
  }
}
