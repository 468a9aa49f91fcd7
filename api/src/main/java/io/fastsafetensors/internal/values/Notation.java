// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.values;

import io.fastsafetensors.internal.values.ElementText.Column;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.function.DoubleFunction;

/** How torch writes the numbers of one tensor: all alike, with four digits after the point. */
final class Notation {
  private static final int DIGITS = 4;
  private static final double LARGEST_RATIO = 1000;
  private static final double LARGEST = 1e8;
  private static final double SMALLEST = 1e-4;

  private final double[] counted;

  private Notation(double[] values) {
    this.counted = Arrays.stream(values).filter(v -> v != 0 && Double.isFinite(v)).toArray();
  }

  /** Writes all numbers, as wide as the widest that is finite and not 0. */
  static Column write(double[] values) {
    Notation notation = new Notation(values);
    DoubleFunction<String> form = notation.form();
    int width =
        Arrays.stream(notation.counted).mapToObj(form).mapToInt(String::length).max().orElse(1);
    return Column.of(Arrays.stream(values).mapToObj(form).toList(), width);
  }

  private DoubleFunction<String> form() {
    double most = Arrays.stream(counted).map(Math::abs).max().orElse(1);
    double least = Arrays.stream(counted).map(Math::abs).min().orElse(1);
    if (most / least > LARGEST_RATIO || most > LARGEST || least < SMALLEST) {
      return Notation::scientific;
    }
    boolean whole = Arrays.stream(counted).allMatch(v -> v == Math.rint(v));
    return whole ? Notation::whole : Notation::fixed;
  }

  private static String whole(double value) {
    return Double.isFinite(value) ? sign(value) + decimal(value, 0) + "." : special(value);
  }

  private static String fixed(double value) {
    return Double.isFinite(value) ? sign(value) + decimal(value, DIGITS) : special(value);
  }

  private static String decimal(double value, int digits) {
    return new BigDecimal(Math.abs(value)).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String scientific(double value) {
    if (!Double.isFinite(value)) {
      return special(value);
    }
    BigDecimal rounded =
        new BigDecimal(Math.abs(value)).round(new MathContext(DIGITS + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = value == 0 ? 0 : digits.length() - 1 - rounded.scale();
    String padded = (digits + "0".repeat(DIGITS)).substring(0, DIGITS + 1);
    String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    return sign(value)
        + padded.charAt(0)
        + "."
        + padded.substring(1)
        + (exponent < 0 ? "e-" : "e+")
        + power;
  }

  private static String sign(double value) {
    return Math.copySign(1, value) < 0 ? "-" : "";
  }

  private static String special(double value) {
    return Double.isNaN(value) ? "nan" : sign(value) + "inf";
  }
}
