// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

/**
 * F8_E8M0, the scale of the OCP microscaling formats, revision 1.0: a power of two or NaN.
 *
 * <p>Numbers aren't converted to it: it has neither sign nor zero, and the specification leaves
 * rounding to whoever chooses scales.
 */
final class Scale {
  private static final int BIAS = 127;
  private static final int NAN = 0xff;
  private static final float[] NUMBERS = decodeAll();

  private Scale() {}

  /** Returns the table of the numbers of all codes. */
  static float[] numbers() {
    return NUMBERS;
  }

  private static float[] decodeAll() {
    float[] all = new float[NAN + 1];
    for (int code = 0; code < NAN; code++) {
      all[code] = Math.scalb(1f, code - BIAS);
    }
    all[NAN] = Float.NaN;
    return all;
  }
}
