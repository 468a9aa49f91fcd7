// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import java.lang.foreign.MemorySegment;

/** Steps for BF16, the upper half of an F32, in whole numbers without branches: they vectorise. */
final class Bf16 {
  private static final int INFINITY = 0x7f80_0000;
  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int LOWER_HALF = 0xffff;
  private static final long UPPER_HALF = 0xffff_0000L;
  private static final int QUIET = 0x40;

  private Bf16() {}

  /** Turns the bits of F32 into those of the nearest BF16. */
  static void round(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.ints[i] = nearest(b.ints[i]);
    }
  }

  /** Leaves NaN out of the rounding, which could make an infinity of it. */
  private static int nearest(int bits) {
    int upper = bits >>> Short.SIZE;
    int rounded = (bits + Short.MAX_VALUE + (upper & 1)) >>> Short.SIZE;
    int allIfNan = (INFINITY - (bits & MAGNITUDE)) >> (Integer.SIZE - 1);
    return (rounded & ~allIfNan) | ((upper | QUIET) & allIfNan);
  }

  /** Turns the bits of F32 into those of BF16, rounded to odd: see {@link Odd}. */
  static void roundOdd(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      int bits = b.ints[i];
      b.ints[i] = (bits >>> Short.SIZE) | (((bits & LOWER_HALF) + LOWER_HALF) >>> Short.SIZE);
    }
  }

  /**
   * Converts BF16 to F32, two elements at a time: {@code int} to {@code long} vectorises, {@code
   * short} to {@code int} doesn't.
   */
  static void toF32(ConversionBlock b) {
    int pairs = b.size / 2;
    MemorySegment.copy(b.source, Layouts.INT, b.start * Short.BYTES, b.ints, 0, pairs);
    if (b.target.isNative()) {
      setPairs(b, pairs);
    } else {
      copyPairs(b, pairs);
    }
    if (b.size % 2 != 0) {
      long last = b.start + b.size - 1;
      int bits = b.source.get(Layouts.SHORT, last * Short.BYTES) << Short.SIZE;
      b.target.set(Layouts.INT, last * Float.BYTES, bits);
    }
  }

  /** Writes native memory while computing: quicker than a copy. */
  private static void setPairs(ConversionBlock b, int pairs) {
    long at = b.start * Float.BYTES;
    for (int i = 0; i < pairs; i++) {
      b.target.set(Layouts.LONG, at + (long) i * Long.BYTES, spread(b.ints[i]));
    }
  }

  private static void copyPairs(ConversionBlock b, int pairs) {
    for (int i = 0; i < pairs; i++) {
      b.longs[i] = spread(b.ints[i]);
    }
    MemorySegment.copy(b.longs, 0, b.target, Layouts.LONG, b.start * Float.BYTES, pairs);
  }

  private static long spread(long pair) {
    return ((pair & UPPER_HALF) << Integer.SIZE) | ((pair & LOWER_HALF) << Short.SIZE);
  }
}
