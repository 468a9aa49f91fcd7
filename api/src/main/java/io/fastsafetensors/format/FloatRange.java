// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

/**
 * Decides whether the reference's JSON library can hold a number.
 *
 * <p>That library turns also the numbers of ignored fields into 64-bit integers or doubles, and
 * refuses a header when one overflows. It doesn't round correctly, so near the largest double its
 * decision differs from {@link Double#parseDouble}; the steps here are its own: as many digits as
 * fit 64 bits, then one power of ten.
 */
final class FloatRange {
  private static final long LAST_TENFOLD = Long.divideUnsigned(-1, 10);
  private static final int LAST_DIGIT = (int) Long.remainderUnsigned(-1, 10);
  private static final int MAX_POWER = 308;

  /** Digits as an unsigned number. */
  private long significand;

  private long exponent;
  private boolean full;

  private FloatRange() {}

  /**
   * Tells whether a number overflows.
   *
   * @param number a number as JSON writes it
   */
  static boolean overflows(CharSequence number) {
    FloatRange range = new FloatRange();
    int end = range.readDigits(number, number.charAt(0) == '-' ? 1 : 0, false);
    if (end < number.length() && number.charAt(end) == '.') {
      range.full = false;
      end = range.readDigits(number, end + 1, true);
    }
    if (end < number.length()) {
      range.exponent += exponent(number, end + 1);
    }
    return range.overflows();
  }

  private int readDigits(CharSequence number, int start, boolean fraction) {
    int i = start;
    for (; i < number.length() && isDigit(number.charAt(i)); i++) {
      int digit = number.charAt(i) - '0';
      full |= !fits(digit);
      if (!full) {
        significand = significand * 10 + digit;
      }
      // A digit dropped before the point still counts tenfold; one dropped after it counts nothing.
      if (fraction != full) {
        exponent += fraction ? -1 : 1;
      }
    }
    return i;
  }

  private boolean fits(int digit) {
    int order = Long.compareUnsigned(significand, LAST_TENFOLD);
    return order < 0 || (order == 0 && digit <= LAST_DIGIT);
  }

  private static long exponent(CharSequence number, int start) {
    char sign = number.charAt(start);
    long value = 0;
    for (int i = isDigit(sign) ? start : start + 1; i < number.length(); i++) {
      value = Math.min(Integer.MAX_VALUE, value * 10 + (number.charAt(i) - '0'));
    }
    return sign == '-' ? -value : value;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private boolean overflows() {
    if (significand == 0 || exponent <= 0) {
      return false;
    }
    return exponent > MAX_POWER
        || Double.isInfinite(unsignedToDouble(significand) * Double.parseDouble("1e" + exponent));
  }

  private static double unsignedToDouble(long value) {
    // The lowest bit, kept sticky, makes the rounding of the halved number that of the whole.
    return value >= 0 ? value : ((value >>> 1) | (value & 1)) * 2.0;
  }
}
