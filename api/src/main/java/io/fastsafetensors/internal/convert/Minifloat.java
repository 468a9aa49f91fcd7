// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The 8-bit floating-point formats that have a sign, and their tables. */
final class Minifloat {
  /** Of the OCP 8-bit floating point specification, revision 1.0; like IEEE 754. */
  static final Minifloat E5M2 = new Minifloat(2, 15, 0x7b, 0x7c, 0x7f, true);

  /** Of the same specification, without infinities: what is too large becomes NaN. */
  static final Minifloat E4M3 = new Minifloat(3, 7, 0x7e, 0x7f, 0x7f, true);

  /** Without infinities and negative zero, in whose place NaN is; too large becomes NaN. */
  static final Minifloat E5M2FNUZ = new Minifloat(2, 16, 0x7f, 0x80, 0x80, false);

  /** Without infinities and negative zero, in whose place NaN is; too large becomes NaN. */
  static final Minifloat E4M3FNUZ = new Minifloat(3, 8, 0x7f, 0x80, 0x80, false);

  private static final int SIGN = 0x80;
  private static final int CODES = 1 << Byte.SIZE;
  private static final int BF16_CODES = 1 << Short.SIZE;

  private final int mantissaBits;
  private final int leastExponent;
  private final int largest;
  private final int tooLarge;
  private final int nan;
  private final boolean negativeZero;
  private final float[] numbers;
  private volatile byte @Nullable [] codes;

  private Minifloat(
      int mantissaBits, int bias, int largest, int tooLarge, int nan, boolean negativeZero) {
    this.mantissaBits = mantissaBits;
    this.leastExponent = 1 - bias;
    this.largest = largest;
    this.tooLarge = tooLarge;
    this.nan = nan;
    this.negativeZero = negativeZero;
    this.numbers = decodeAll();
  }

  /** Returns the format of a type, or empty for other types. */
  static Optional<Minifloat> of(DType type) {
    return switch (type) {
      case F8_E5M2 -> Optional.of(E5M2);
      case F8_E4M3 -> Optional.of(E4M3);
      case F8_E5M2FNUZ -> Optional.of(E5M2FNUZ);
      case F8_E4M3FNUZ -> Optional.of(E4M3FNUZ);
      default -> Optional.empty();
    };
  }

  /** Returns the table of the numbers of all codes. */
  float[] numbers() {
    return numbers;
  }

  /**
   * Returns the table of the codes nearest to all BF16 numbers, ties to even.
   *
   * <p>BF16 has enough bits for numbers {@linkplain Odd rounded to odd} and as many exponents as
   * F32, so the table serves every number. It is made at the first call.
   */
  byte[] codes() {
    byte[] known = codes;
    if (known == null) {
      known = encodeAll();
      codes = known;
    }
    return known;
  }

  private float[] decodeAll() {
    float[] all = new float[CODES];
    for (int code = 0; code < CODES; code++) {
      all[code] = decode(code);
    }
    return all;
  }

  private byte[] encodeAll() {
    byte[] all = new byte[BF16_CODES];
    for (int i = 0; i < BF16_CODES; i++) {
      all[i] = (byte) encode(Float.intBitsToFloat(i << Short.SIZE));
    }
    return all;
  }

  private float decode(int code) {
    if (code == SIGN && !negativeZero) {
      return Float.NaN;
    }
    int magnitude = code & ~SIGN;
    float value = magnitude <= largest ? finite(magnitude) : beyondLargest(magnitude);
    return Math.copySign(value, code == magnitude ? 1 : -1);
  }

  private float beyondLargest(int magnitude) {
    return magnitude < nan && magnitude == tooLarge ? Float.POSITIVE_INFINITY : Float.NaN;
  }

  private float finite(int magnitude) {
    int implied = 1 << mantissaBits;
    int mantissa = magnitude % implied;
    int exponent = magnitude / implied;
    return exponent == 0
        ? Math.scalb((float) mantissa, leastExponent - mantissaBits)
        : Math.scalb((float) (mantissa + implied), leastExponent - mantissaBits + exponent - 1);
  }

  private int encode(float value) {
    int sign = Float.floatToRawIntBits(value) < 0 ? SIGN : 0;
    int magnitude = Float.isNaN(value) ? nan : nearest(Math.abs(value));
    return magnitude == 0 && !negativeZero ? 0 : magnitude | sign;
  }

  private int nearest(float value) {
    if (Float.isInfinite(value)) {
      return tooLarge;
    }
    int exponent = Math.max(Math.getExponent(value), leastExponent);
    int units = (int) Math.rint(Math.scalb((double) value, mantissaBits - exponent));
    int code = ((exponent - leastExponent) << mantissaBits) + units;
    return code <= largest ? code : tooLarge;
  }
}
