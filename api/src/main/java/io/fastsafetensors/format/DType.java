// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The 22 element types of the safetensors format, in the format's alignment order.
 *
 * <p>The declaration order is the order in which a writer sorts tensors, largest last (format rule
 * 4.4). The constant's name is the tag in the file, letter by letter.
 *
 * <h2 id="conversions">Conversions</h2>
 *
 * <p>{@link Tensor#to}, the methods of {@link FileBuffer} that take a type, and loads with {@link
 * LoadOptions#dtype()} convert by these tables, with the same result on every device. No number is
 * scaled. A type converts to itself by a copy of its bytes.
 *
 * <table class="striped">
 * <caption>Which types convert to which others</caption>
 * <thead><tr><th>from</th><th>to</th></tr></thead>
 * <tbody>
 * <tr><td>BOOL, U8, I8, U16, I16, U32, I32, U64, I64, F8_E5M2, F8_E4M3, F8_E5M2FNUZ, F8_E4M3FNUZ,
 *     F16, BF16, F32, F64</td><td>each other</td></tr>
 * <tr><td>F8_E8M0</td><td>all of these</td></tr>
 * <tr><td>F4, F6_E2M3, F6_E3M2, C64</td><td>none</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Floating point from whatever type: one rounding, to the nearest number, ties to even. What is
 * too large after that becomes infinite, or NaN in types without infinities: nothing saturates. NaN
 * stays NaN, its payload may change.
 *
 * <table class="striped">
 * <caption>Examples of conversions to floating point</caption>
 * <thead><tr><th>from</th><th>to</th><th>numbers</th></tr></thead>
 * <tbody>
 * <tr><td>F64</td><td>F32</td><td>16777217 gives 16777216, 16777219 gives 16777220, 3.5e38 gives
 *     Infinity, 1e-46 gives 0, NaN gives NaN</td></tr>
 * <tr><td>F32</td><td>F64</td><td>16777216 gives 16777216, -Infinity gives -Infinity, NaN gives
 *     NaN</td></tr>
 * <tr><td>F32</td><td>F16</td><td>2049 gives 2048, 2051 gives 2052, 65519 gives 65504, 65520 gives
 *     Infinity, -65520 gives -Infinity, 1e-8 gives 0, NaN gives NaN</td></tr>
 * <tr><td>F32</td><td>BF16</td><td>257 gives 256, 259 gives 260, 3.4e38 gives Infinity, NaN gives
 *     NaN</td></tr>
 * <tr><td>F32</td><td>F8_E5M2</td><td>9 gives 8, 11 gives 12, 61439 gives 57344, 61440 gives
 *     Infinity, NaN gives NaN</td></tr>
 * <tr><td>F32</td><td>F8_E4M3</td><td>17 gives 16, 19 gives 20, 464 gives 448, 465 gives NaN,
 *     Infinity gives NaN, NaN gives NaN</td></tr>
 * <tr><td>F32</td><td>F8_E5M2FNUZ</td><td>9 gives 8, 11 gives 12, 61439 gives 57344, 61440 gives
 *     NaN, Infinity gives NaN, NaN gives NaN</td></tr>
 * <tr><td>F32</td><td>F8_E4M3FNUZ</td><td>17 gives 16, 19 gives 20, 247 gives 240, 248 gives NaN,
 *     Infinity gives NaN, NaN gives NaN</td></tr>
 * <tr><td>I64</td><td>F64</td><td>9007199254740993 gives 9007199254740992, -5 gives -5</td></tr>
 * <tr><td>I64</td><td>F32</td><td>16777217 gives 16777216, -5 gives -5</td></tr>
 * <tr><td>I64</td><td>F16, F8_E5M2</td><td>-5 gives -5, 65520 gives Infinity</td></tr>
 * <tr><td>I64</td><td>BF16</td><td>257 gives 256, 259 gives 260, -5 gives -5</td></tr>
 * <tr><td>I64</td><td>F8_E4M3, F8_E4M3FNUZ</td><td>17 gives 16, 19 gives 20, 465 gives NaN</td></tr>
 * <tr><td>I64</td><td>F8_E5M2FNUZ</td><td>9 gives 8, 11 gives 12, 61440 gives NaN</td></tr>
 * <tr><td>F8_E8M0</td><td>F64, F32, BF16</td><td>0.25 gives 0.25, NaN gives NaN</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Integers from floating point: the fraction is cut off, what is out of range becomes the nearer
 * bound, NaN becomes 0. Integers from integers: the low bits are kept, as in Java's casts. BOOL: 0
 * and -0 give 0, all else, NaN too, gives 1; as a source, each byte but 0 is 1.
 *
 * <table class="striped">
 * <caption>Examples of conversions to integers and BOOL</caption>
 * <thead><tr><th>from</th><th>to</th><th>numbers</th></tr></thead>
 * <tbody>
 * <tr><td>F32</td><td>I8</td><td>0.59 gives 0, 1.7 gives 1, -1.7 gives -1, 2.5 gives 2, 300 gives
 *     127, -Infinity gives -128, NaN gives 0</td></tr>
 * <tr><td>F32</td><td>U8</td><td>1.7 gives 1, 300 gives 255, -1.7 gives 0, NaN gives 0</td></tr>
 * <tr><td>F32</td><td>I16</td><td>1.7 gives 1, 1e9 gives 32767, -1e9 gives -32768, NaN gives
 *     0</td></tr>
 * <tr><td>F32</td><td>U16</td><td>1.7 gives 1, 1e9 gives 65535, -1 gives 0, NaN gives 0</td></tr>
 * <tr><td>F32</td><td>I32</td><td>1.7 gives 1, 1e10 gives 2147483647, -1e10 gives -2147483648, NaN
 *     gives 0</td></tr>
 * <tr><td>F32</td><td>U32</td><td>1.7 gives 1, 1e10 gives 4294967295, -1 gives 0, NaN gives
 *     0</td></tr>
 * <tr><td>F64</td><td>I64</td><td>1.7 gives 1, 1e20 gives 9223372036854775807, -1e20 gives
 *     -9223372036854775808, NaN gives 0</td></tr>
 * <tr><td>F64</td><td>U64</td><td>1.7 gives 1, 1e20 gives 18446744073709551615, -1 gives 0, NaN
 *     gives 0</td></tr>
 * <tr><td>F32</td><td>BOOL</td><td>0 gives 0, -0.0 gives 0, 0.1 gives 1, NaN gives 1</td></tr>
 * <tr><td>I64</td><td>I8</td><td>301 gives 45, 200 gives -56, -129 gives 127</td></tr>
 * <tr><td>I64</td><td>U8</td><td>301 gives 45, -1 gives 255</td></tr>
 * <tr><td>I64</td><td>I16</td><td>65537 gives 1, 40000 gives -25536</td></tr>
 * <tr><td>I64</td><td>U16</td><td>65537 gives 1, -1 gives 65535</td></tr>
 * <tr><td>I64</td><td>I32</td><td>4294967297 gives 1, 2147483648 gives -2147483648</td></tr>
 * <tr><td>I64</td><td>U32</td><td>4294967297 gives 1, -1 gives 4294967295</td></tr>
 * <tr><td>U64</td><td>I64</td><td>18446744073709551615 gives -1</td></tr>
 * <tr><td>I64</td><td>U64</td><td>-1 gives 18446744073709551615</td></tr>
 * <tr><td>I64</td><td>BOOL</td><td>0 gives 0, 256 gives 1, -1 gives 1</td></tr>
 * <tr><td>BOOL</td><td>I8, F32, BF16</td><td>0 gives 0, 1 gives 1, 2 gives 1</td></tr>
 * </tbody>
 * </table>
 *
 * @since 0.1
 */
public enum DType {
  /** One byte, 0 or 1. */
  BOOL(8),
  /** Four bits, E2M1, two elements a byte, the first in the low half. */
  F4(4),
  /** Six bits, two exponent and three mantissa bits. */
  F6_E2M3(6),
  /** Six bits, three exponent and two mantissa bits. */
  F6_E3M2(6),
  /** Unsigned 8-bit integer. */
  U8(8),
  /** Signed 8-bit integer. */
  I8(8),
  /** OCP 8-bit float, five exponent bits, with infinities. */
  F8_E5M2(8),
  /** OCP 8-bit float, four exponent bits, no infinities. */
  F8_E4M3(8),
  /** OCP 8-bit scale: a power of two. */
  F8_E8M0(8),
  /** 8-bit float, four exponent bits, finite, no negative zero. */
  F8_E4M3FNUZ(8),
  /** 8-bit float, five exponent bits, finite, no negative zero. */
  F8_E5M2FNUZ(8),
  /** Signed 16-bit integer. */
  I16(16),
  /** Unsigned 16-bit integer. */
  U16(16),
  /** IEEE 754 binary16. */
  F16(16),
  /** The upper half of an IEEE 754 binary32. */
  BF16(16),
  /** Signed 32-bit integer. */
  I32(32),
  /** Unsigned 32-bit integer. */
  U32(32),
  /** IEEE 754 binary32. */
  F32(32),
  /** Two IEEE 754 binary32: real, imaginary. */
  C64(64),
  /** IEEE 754 binary64. */
  F64(64),
  /** Signed 64-bit integer. */
  I64(64),
  /** Unsigned 64-bit integer. */
  U64(64);

  private static final Map<String, DType> BY_TAG =
      Stream.of(values()).collect(Collectors.toUnmodifiableMap(Enum::name, Function.identity()));

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  /**
   * Returns the size of one element.
   *
   * @return bits, a whole number of bytes except for the sub-byte types
   */
  public int bits() {
    return bits;
  }

  /**
   * Tells whether elements can't be addressed by bytes.
   *
   * @return true for types of 4 and 6 bits
   */
  public boolean isSubByte() {
    return bits < Byte.SIZE;
  }

  /**
   * Tells whether elements are numbers of floating point, each with a sign.
   *
   * @return true for F64, F32, F16, BF16 and the 8-bit types but F8_E8M0; false for integers, BOOL,
   *     C64, scales and packed types
   */
  public boolean isFloatingPoint() {
    return switch (this) {
      case F64, F32, F16, BF16, F8_E5M2, F8_E4M3, F8_E4M3FNUZ, F8_E5M2FNUZ -> true;
      default -> false;
    };
  }

  /**
   * Computes the bits that packed elements take.
   *
   * @param elements the number of elements, not negative
   * @return bits, as an unsigned number
   * @throws ArithmeticException if they overflow an unsigned 64-bit number (format rule {@code
   *     ValidationOverflow})
   */
  public long bitSize(long elements) {
    if (Math.unsignedMultiplyHigh(elements, bits) != 0) {
      throw new ArithmeticException(
          Long.toUnsignedString(elements) + " elements of " + this + " overflow 64 bits");
    }
    return elements * bits;
  }

  /**
   * Computes the memory that packed elements take.
   *
   * @param elements the number of elements, not negative
   * @return bytes
   * @throws ArithmeticException if the size overflows or is not a whole number of bytes (format
   *     rules {@code ValidationOverflow}, {@code MisalignedSlice})
   */
  public long byteSize(long elements) {
    long total = bitSize(elements);
    if (Long.remainderUnsigned(total, Byte.SIZE) != 0) {
      throw new ArithmeticException(
          elements
              + " elements of "
              + this
              + " are "
              + Long.toUnsignedString(total)
              + " bits, not whole bytes");
    }
    return Long.divideUnsigned(total, Byte.SIZE);
  }

  /**
   * Finds a type by its tag.
   *
   * @param tag the tag as the file has it, case-sensitive
   * @return the type, or empty if the format knows none of that tag
   */
  public static Optional<DType> ofTag(String tag) {
    return Optional.ofNullable(BY_TAG.get(tag));
  }
}
