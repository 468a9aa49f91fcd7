// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A floating-point format of at most 16 bits as its specification draws it, for the tests' slow
 * reference: shares nothing with the code under test.
 *
 * @param exponentBits the width of the exponent
 * @param mantissaBits the width of the mantissa
 * @param bias what the exponent is too large by
 * @param infinities whether the largest exponent is for infinity and NaN only
 * @param nan a code of a NaN
 * @param signedZero whether there is a negative zero
 */
record FloatFormat(
    int exponentBits, int mantissaBits, int bias, boolean infinities, int nan, boolean signedZero) {
  static final Map<DType, FloatFormat> ALL =
      Map.of(
          DType.F16, new FloatFormat(5, 10, 15, true, 0x7fff, true),
          DType.BF16, new FloatFormat(8, 7, 127, true, 0x7fff, true),
          DType.F8_E5M2, new FloatFormat(5, 2, 15, true, 0x7f, true),
          DType.F8_E4M3, new FloatFormat(4, 3, 7, false, 0x7f, true),
          DType.F8_E5M2FNUZ, new FloatFormat(5, 2, 16, false, 0x80, false),
          DType.F8_E4M3FNUZ, new FloatFormat(4, 3, 8, false, 0x80, false));

  int signBit() {
    return 1 << (exponentBits + mantissaBits);
  }

  /** Returns the number of a code, exactly. */
  double decode(int code) {
    int exponent = (code >> mantissaBits) & ((1 << exponentBits) - 1);
    double fraction = (code & ((1 << mantissaBits) - 1)) / Math.pow(2, mantissaBits);
    double sign = (code & signBit()) == 0 ? 1 : -1;
    if (infinities && exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    if (code == nan || (signedZero && code == (nan | signBit()))) {
      return Double.NaN;
    }
    return exponent == 0
        ? sign * fraction * Math.pow(2, 1 - bias)
        : sign * (1 + fraction) * Math.pow(2, exponent - bias);
  }

  /**
   * Returns the numbers of the codes from 0 to the largest finite one, in rising order, and behind
   * them the number that would come next if there were one more.
   */
  double[] ladder() {
    double[] finite =
        IntStream.range(0, signBit())
            .mapToDouble(this::decode)
            .takeWhile(Double::isFinite)
            .toArray();
    int last = finite.length - 1;
    double[] ladder = java.util.Arrays.copyOf(finite, finite.length + 1);
    ladder[last + 1] = finite[last] + (finite[last] - finite[last - 1]);
    return ladder;
  }

  /** Returns the code for what is too large. */
  int tooLarge() {
    return infinities ? ((1 << exponentBits) - 1) << mantissaBits : nan;
  }
}
