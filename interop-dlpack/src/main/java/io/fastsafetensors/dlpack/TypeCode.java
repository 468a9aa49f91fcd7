// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * An element type as DLPack has it.
 *
 * @param code the kind
 * @param bits the size of a lane
 * @param lanes how many make an element
 */
record TypeCode(int code, int bits, int lanes) {
  private static final int INT = 0;
  private static final int UINT = 1;
  private static final int FLOAT = 2;
  private static final int BFLOAT = 4;
  private static final int COMPLEX = 5;
  private static final int BOOL = 6;
  private static final int F8_E4M3FN = 10;
  private static final int F8_E4M3FNUZ = 11;
  private static final int F8_E5M2 = 12;
  private static final int F8_E5M2FNUZ = 13;
  private static final int F8_E8M0 = 14;
  private static final int F6_E2M3 = 15;
  private static final int F6_E3M2 = 16;
  private static final int F4_E2M1 = 17;

  private static final Map<DType, TypeCode> CODES = new EnumMap<>(DType.class);

  static {
    for (DType dtype : DType.values()) {
      CODES.put(dtype, of(dtype));
    }
  }

  private static int code(DType dtype) {
    return switch (dtype) {
      case BOOL -> BOOL;
      case I8, I16, I32, I64 -> INT;
      case U8, U16, U32, U64 -> UINT;
      case F16, F32, F64 -> FLOAT;
      case BF16 -> BFLOAT;
      case C64 -> COMPLEX;
      case F8_E4M3 -> F8_E4M3FN;
      case F8_E4M3FNUZ -> F8_E4M3FNUZ;
      case F8_E5M2 -> F8_E5M2;
      case F8_E5M2FNUZ -> F8_E5M2FNUZ;
      case F8_E8M0 -> F8_E8M0;
      case F6_E2M3 -> F6_E2M3;
      case F6_E3M2 -> F6_E3M2;
      case F4 -> F4_E2M1;
    };
  }

  static TypeCode of(DType dtype) {
    return new TypeCode(code(dtype), dtype.bits(), 1);
  }

  /** Returns that of bytes with two elements of F4. */
  static TypeCode pairsOfF4() {
    return new TypeCode(F4_E2M1, DType.F4.bits(), 2);
  }

  /** Returns the dimensions of {@link #pairsOfF4}. */
  static Shape pairsShape(Tensor tensor) {
    Shape shape = tensor.shape();
    int last = shape.dimensions() - 1;
    if (last < 0 || shape.dim(last) % 2 != 0) {
      throw new UnsupportedOperationException(
          "tensor %s of %s can't be handed over in pairs: its last dimension isn't even"
              .formatted(tensor.name(), shape));
    }
    return shape.withDim(last, shape.dim(last) / 2);
  }

  /** Returns that of unsigned integers of the type's size, and of bytes for packed types. */
  static TypeCode bitsOf(DType dtype) {
    return new TypeCode(UINT, Math.max(Byte.SIZE, dtype.bits()), 1);
  }

  /** Returns the dimensions of {@link #bitsOf}. */
  static Shape bitsShape(DType dtype, Shape shape) {
    if (!dtype.isSubByte()) {
      return shape;
    }
    int last = shape.dimensions() - 1;
    long rowBits = last < 0 ? 1 : Math.multiplyExact(shape.dim(last), dtype.bits());
    return rowBits % Byte.SIZE == 0
        ? shape.withDim(last, rowBits / Byte.SIZE)
        : Shape.of(dtype.byteSize(shape.elements()));
  }

  /** Returns the type of the format; empty if it has none. */
  Optional<DType> dtype() {
    TypeCode one = new TypeCode(code, bits, 1);
    return lanes != 1 && !isPairOfF4()
        ? Optional.empty()
        : CODES.entrySet().stream()
            .filter(entry -> entry.getValue().equals(one))
            .map(Map.Entry::getKey)
            .findFirst();
  }

  /** Tells whether an element is a byte with two, as torch has them. */
  boolean isPairOfF4() {
    return code == F4_E2M1 && lanes == 2;
  }

  @Override
  public String toString() {
    return "code %s with %s bits and %s lanes".formatted(code, bits, lanes);
  }
}
