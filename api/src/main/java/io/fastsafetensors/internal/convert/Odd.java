// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

/**
 * Rounding to odd: what doesn't fit goes to the neighbour whose last bit is set.
 *
 * <p>A number rounded to odd can be rounded again, to nearest even, as if it had never been rounded
 * before, if the second result has at least two bits less (Boldo and Melquiond, "Emulation of a FMA
 * and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd"). So a {@code long} that
 * becomes a {@code double}, then a {@code float}, then F16 is rounded once.
 */
final class Odd {
  /** The low bits of a {@code double} beyond the 13 that F16 needs: its own 11 and two more. */
  private static final long FRACTION_TAIL = (1L << 40) - 1;

  /** The bits that a {@code double} has room for. */
  private static final int DOUBLE_BITS = 53;

  /** The low bits of a {@code long} that a {@code double} may have no room for. */
  private static final long WIDE_TAIL = (1L << (Long.SIZE - DOUBLE_BITS)) - 1;

  private Odd() {}

  /**
   * Rounds to 13 bits, for types of at most 11.
   *
   * <p>Of these, BF16 has the smallest numbers; down to their half a {@code float} has room for the
   * 13 bits, and further down all are 0.
   */
  static float toFloat(double value) {
    long bits = Double.doubleToRawLongBits(value);
    return (float) Double.longBitsToDouble(cut(bits, FRACTION_TAIL));
  }

  /** Rounds a signed number to at least 43 bits, without a branch. */
  static double toDouble(long value) {
    long magnitude = value ^ (value >> (Long.SIZE - 1));
    long allIfWide = -(magnitude >>> DOUBLE_BITS) >> (Long.SIZE - 1);
    return cut(value, WIDE_TAIL & allIfWide);
  }

  /** Rounds an unsigned number to at least 43 bits, without a branch. */
  static double unsignedToDouble(long value) {
    long upper = value >>> (Long.SIZE - 1);
    return toDouble(halve(value, upper)) * (1 + upper);
  }

  /** Rounds an unsigned number to nearest even, without a branch. */
  static double unsignedToNearest(long value) {
    long upper = value >>> (Long.SIZE - 1);
    return (double) halve(value, upper) * (1 + upper);
  }

  /** Halves a number of the upper half; a bit that is lost stays visible in the last one. */
  private static long halve(long value, long upper) {
    return (value >>> upper) | (value & upper);
  }

  /** Clears low bits; if one was set, sets the one above them. */
  private static long cut(long value, long tail) {
    return (value & ~tail) | (((value & tail) + tail) & (tail + 1));
  }
}
