// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

/**
 * Rounding to odd: what doesn't fit goes to the neighbour whose last bit is set.
 *
 * <p>A number rounded to odd can be rounded again, to nearest even, as if it had never been rounded
 * before, if the second result has at least two bits less (Boldo and Melquiond, "Emulation of a FMA
 * and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd"). So {@code double}, then
 * {@code float}, then 16 or 8 bits is one rounding.
 */
final class Odd {
  /** From here on, in both directions, a {@code double} has no room for every {@code long}. */
  private static final long WIDE = 1L << 53;

  /** The bits of a wide {@code long} that a {@code double} may have no room for. */
  private static final long LOST = (1L << 11) - 1;

  private Odd() {}

  /** Rounds to 24 bits; too large numbers become the largest finite one, which is odd. */
  static float toFloat(double value) {
    float nearest = (float) value;
    int bits = Float.floatToRawIntBits(nearest);
    if (nearest == value || Double.isNaN(value) || (bits & 1) != 0) {
      return nearest;
    }
    boolean tooLarge = Math.abs((double) nearest) > Math.abs(value);
    return Float.intBitsToFloat(tooLarge ? bits - 1 : bits + 1);
  }

  /** Rounds a signed number to at least 43 bits. */
  static double toDouble(long value) {
    return value > -WIDE && value < WIDE ? value : stickToOdd(value);
  }

  /** Rounds an unsigned number to at least 43 bits. */
  static double unsignedToDouble(long value) {
    return value >= 0 ? toDouble(value) : stickToOdd(halve(value)) * 2;
  }

  /** Halves an unsigned number; a bit that is lost stays visible in the last one. */
  static long halve(long value) {
    return (value >>> 1) | (value & 1);
  }

  private static long stickToOdd(long value) {
    long lost = value & LOST;
    return (value & ~LOST) | ((lost + LOST) & (LOST + 1));
  }
}
