// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.internal.convert.ConversionBlock.Step;

/**
 * Steps from one form to another.
 *
 * <p>{@code narrow}, and {@code toDoubles} of a target of 64 bits, round to nearest even, once;
 * those named odd leave that to the step after them.
 */
final class FormSteps {
  private static final double TWO_TO_63 = 0x1p63;

  private FormSteps() {}

  static void widen(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.doubles[i] = b.floats[i];
    }
  }

  static void narrow(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.floats[i] = (float) b.doubles[i];
    }
  }

  static void narrowOdd(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.floats[i] = Odd.toFloat(b.doubles[i]);
    }
  }

  static void toDoubles(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.doubles[i] = b.longs[i];
    }
  }

  static void toDoublesOdd(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.doubles[i] = Odd.toDouble(b.longs[i]);
    }
  }

  static void unsignedToDoubles(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.doubles[i] = Odd.unsignedToNearest(b.longs[i]);
    }
  }

  static void unsignedToDoublesOdd(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.doubles[i] = Odd.unsignedToDouble(b.longs[i]);
    }
  }

  /** Cuts off fractions; what is out of bounds becomes the nearer bound, NaN becomes 0. */
  static Step truncate(long least, long most) {
    return b -> {
      for (int i = 0; i < b.size; i++) {
        b.longs[i] = Math.max(least, Math.min(most, (long) b.doubles[i]));
      }
    };
  }

  /** Does the same for the bounds of an unsigned {@code long}. */
  static void truncateUnsigned(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      double value = b.doubles[i];
      b.longs[i] =
          value >= TWO_TO_63
              ? (long) (value - TWO_TO_63) + Long.MIN_VALUE
              : Math.max(0, (long) value);
    }
  }

  /** Makes 1 of all but zeros; NaN is no zero. */
  static void doublesToTruth(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = b.doubles[i] != 0 ? 1 : 0;
    }
  }

  /** Makes 1 of all but zeros. */
  static void longsToTruth(ConversionBlock b) {
    for (int i = 0; i < b.size; i++) {
      b.longs[i] = truth(b.longs[i]);
    }
  }

  /** Returns 0 for 0, else 1; without a branch. */
  static long truth(long value) {
    return (value | -value) >>> (Long.SIZE - 1);
  }
}
