// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

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
