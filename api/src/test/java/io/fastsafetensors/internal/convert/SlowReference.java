// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.EnumMap;
import java.util.Map;

/**
 * Converts one element at a time by comparing exact numbers: the tests' reference.
 *
 * <p>An element is its bits; a number is a {@code Double} if its type is floating point, else a
 * {@code BigInteger}.
 */
final class SlowReference {
  private static final Map<DType, double[]> LADDERS = new EnumMap<>(DType.class);

  static {
    FloatFormat.ALL.forEach((type, format) -> LADDERS.put(type, format.ladder()));
  }

  private SlowReference() {}

  static long convert(long bits, DType from, DType to) {
    return encode(decode(bits, from), to);
  }

  static Number decode(long bits, DType type) {
    return switch (type) {
      case BOOL -> bits == 0 ? BigInteger.ZERO : BigInteger.ONE;
      case I8, I16, I32, I64 ->
          BigInteger.valueOf(bits << (64 - type.bits()) >> (64 - type.bits()));
      case U8, U16, U32, U64 -> new BigInteger(Long.toUnsignedString(bits));
      case F32 -> (double) Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
      case F8_E8M0 -> bits == 0xff ? Double.NaN : Math.pow(2, (int) bits - 127);
      default -> FloatFormat.ALL.get(type).decode((int) bits);
    };
  }

  private static long encode(Number number, DType type) {
    return switch (type) {
      case BOOL -> number.equals(BigInteger.ZERO) || number.doubleValue() == 0 ? 0 : 1;
      case I8, I16, I32, I64, U8, U16, U32, U64 -> encodeInteger(number, type);
      case F32 -> Integer.toUnsignedLong(Float.floatToIntBits(nearestFloat(number)));
      case F64 -> Double.doubleToLongBits(nearestDouble(number));
      default -> encodeSmall(number, type);
    };
  }

  private static long encodeInteger(Number number, DType type) {
    BigInteger mask = BigInteger.ONE.shiftLeft(type.bits()).subtract(BigInteger.ONE);
    BigInteger whole =
        number instanceof BigInteger integer ? integer : bounded((double) number, type);
    return whole.and(mask).longValue();
  }

  private static BigInteger bounded(double number, DType type) {
    boolean signed = type.name().startsWith("I");
    BigInteger span = BigInteger.ONE.shiftLeft(type.bits());
    BigInteger least = signed ? span.shiftRight(1).negate() : BigInteger.ZERO;
    BigInteger most = least.add(span).subtract(BigInteger.ONE);
    if (Double.isNaN(number)) {
      return BigInteger.ZERO;
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? most : least;
    }
    return new BigDecimal(number).toBigInteger().max(least).min(most);
  }

  private static float nearestFloat(Number number) {
    double value = number.doubleValue();
    boolean special = number instanceof Double && (!Double.isFinite(value) || value == 0);
    return special ? (float) value : exact(number).floatValue();
  }

  private static double nearestDouble(Number number) {
    return number instanceof Double value ? value : exact(number).doubleValue();
  }

  private static long encodeSmall(Number number, DType type) {
    FloatFormat format = FloatFormat.ALL.get(type);
    double value = number.doubleValue();
    if (Double.isNaN(value)) {
      return format.nan();
    }
    boolean negative = Math.copySign(1, value) < 0;
    int code = nearestCode(number, LADDERS.get(type), format);
    return negative && (code != 0 || format.signedZero()) ? code | format.signBit() : code;
  }

  /** Finds the last step that the magnitude reaches, then decides between it and the next one. */
  private static int nearestCode(Number number, double[] ladder, FloatFormat format) {
    int low = 0;
    int high = ladder.length - 1;
    if (compareMagnitude(number, ladder[high]) >= 0) {
      return format.tooLarge();
    }
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (compareMagnitude(number, ladder[middle]) >= 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    int side = compareMagnitude(number, ladder[low] / 2 + ladder[high] / 2);
    int code = side < 0 || (side == 0 && low % 2 == 0) ? low : high;
    return code == ladder.length - 1 ? format.tooLarge() : code;
  }

  private static int compareMagnitude(Number number, double other) {
    return number instanceof BigInteger integer
        ? new BigDecimal(integer.abs()).compareTo(new BigDecimal(other))
        : Double.compare(Math.abs((double) number), other);
  }

  private static BigDecimal exact(Number number) {
    return number instanceof BigInteger integer
        ? new BigDecimal(integer)
        : new BigDecimal((double) number);
  }
}
