// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import io.fastsafetensors.format.DType;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Elements where conversions go wrong: bounds, ties, subnormals, infinities, every kind of NaN. */
final class EdgeCases {
  private static final int RANDOM = 2000;

  private EdgeCases() {}

  /** Returns the elements of a type, little-endian; all there are, where they are few. */
  static byte[] of(DType type) {
    return bytes(type, patterns(type).distinct().toArray());
  }

  private static LongStream patterns(DType type) {
    return switch (type) {
      case F32 -> floats(8, 23, 7, 10, 16);
      case F64 -> floats(11, 52, 23, 42, 45);
      case I32, U32, I64, U64 -> integers(type.bits());
      case C64 -> new Random(1).longs(RANDOM);
      default -> LongStream.range(0, 1L << type.bits());
    };
  }

  /** All exponents, each with fractions around the last bits that shorter types keep. */
  private static LongStream floats(int exponentBits, int fractionBits, int... lengths) {
    long[] fractions =
        LongStream.concat(
                IntStream.of(lengths)
                    .mapToLong(length -> 1L << (fractionBits - length))
                    .flatMap(EdgeCases::around),
                LongStream.of(0, 1, 2, (1L << fractionBits) - 1, 1L << (fractionBits - 1)))
            .toArray();
    return LongStream.range(0, 2L << exponentBits)
        .flatMap(
            signed -> LongStream.of(fractions).map(fraction -> signed << fractionBits | fraction));
  }

  /** Numbers about a last bit that is kept, and about ties between two of them. */
  private static LongStream around(long unit) {
    return LongStream.of(unit / 2, unit, unit * 3 / 2, unit * 5 / 2)
        .flatMap(n -> LongStream.of(n - 1, n, n + 1));
  }

  private static LongStream integers(int bits) {
    LongStream powers =
        IntStream.range(0, bits)
            .mapToLong(power -> 1L << power)
            .flatMap(n -> LongStream.of(n, n | n >>> 1, n | n >>> 8, n | n >>> 11, n | n >>> 24))
            .flatMap(n -> LongStream.of(n - 1, n, n + 1, -n, ~n, 1 - n));
    return LongStream.concat(powers, new Random(1).longs(RANDOM));
  }

  private static byte[] bytes(DType type, long[] patterns) {
    byte[] bytes = new byte[Math.toIntExact(type.byteSize(patterns.length))];
    int width = Math.max(1, type.bits() / 8);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (patterns[i / width] >>> (i % width * 8));
    }
    return bytes;
  }

  /** Returns an element's bits. */
  static long bits(byte[] elements, int index, DType type) {
    int width = type.bits() / 8;
    long bits = 0;
    for (int i = width - 1; i >= 0; i--) {
      bits = bits << 8 | Byte.toUnsignedLong(elements[index * width + i]);
    }
    return bits;
  }
}
