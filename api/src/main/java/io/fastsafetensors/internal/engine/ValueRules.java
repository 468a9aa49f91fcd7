// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.convert.Conversions;
import java.util.Arrays;

/** Which tensors have which Java values, and what is said where there are none. */
final class ValueRules {
  /** The longest array that every JVM can make. */
  static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private ValueRules() {}

  /** Checks that elements are single real numbers. */
  static void checkReal(TensorSpec spec, String java) {
    check(spec, java, Conversions.canConvert(spec.dtype(), DType.F64));
  }

  /** Checks that elements are integers; truth is 0 or 1. */
  static void checkInteger(TensorSpec spec, String java) {
    check(spec, java, isInteger(spec.dtype()));
  }

  static void checkBoolean(TensorSpec spec) {
    check(spec, "boolean", spec.dtype() == DType.BOOL);
  }

  private static void check(TensorSpec spec, String java, boolean known) {
    if (!known) {
      throw new UnsupportedOperationException(
          "tensor %s: %s has no %s values; use %s"
              .formatted(spec, spec.dtype(), java, known(spec.dtype())));
    }
  }

  private static boolean isInteger(DType dtype) {
    return switch (dtype) {
      case BOOL, U8, I8, U16, I16, U32, I32, U64, I64 -> true;
      default -> false;
    };
  }

  private static String known(DType dtype) {
    if (dtype.isSubByte()) {
      return "asByteBuffer() or toHost(...): elements of %s bits are packed"
          .formatted(dtype.bits());
    }
    if (dtype == DType.C64) {
      return "asByteBuffer().asFloatBuffer(): real and imaginary parts alternate";
    }
    if (dtype == DType.BOOL) {
      return "toBooleanArray(), or 0 and 1 by toIntArray(), toLongArray(), toFloatArray()";
    }
    return isInteger(dtype)
        ? "toIntArray(), toLongArray(), toFloatArray() or toDoubleArray()"
        : "toFloatArray() or toDoubleArray(), or to(I32) or to(I64), which cut fractions off, first";
  }

  /**
   * Counts elements for an array.
   *
   * @throws UnsupportedOperationException if they are too many for one
   */
  static int arrayLength(TensorSpec spec) {
    long elements = spec.shape().elements();
    if (elements > LONGEST_ARRAY) {
      throw new UnsupportedOperationException(
          ("tensor %s has %s elements, and an array %s at most: read parts by asByteBuffer(offset,"
                  + " length), or all by toHost(...)")
              .formatted(spec, elements, LONGEST_ARRAY));
    }
    return (int) elements;
  }

  /**
   * Returns the position of an element in row-major order.
   *
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   */
  static long position(TensorSpec spec, long[] index) {
    Shape shape = spec.shape();
    if (index.length != shape.dimensions()) {
      throw new IllegalArgumentException(
          "tensor %s: index %s is of %s dimensions, the tensor of %s"
              .formatted(spec, Arrays.toString(index), index.length, shape.dimensions()));
    }
    long position = 0;
    for (int dim = 0; dim < index.length; dim++) {
      if (index[dim] < 0 || Long.compareUnsigned(index[dim], shape.dim(dim)) >= 0) {
        throw new IndexOutOfBoundsException(
            "tensor %s: no element %s: index %s of dimension %s is out of bounds"
                .formatted(spec, Arrays.toString(index), index[dim], dim));
      }
      position = position * shape.dim(dim) + index[dim];
    }
    if (shape.elements() == 0) {
      throw new IndexOutOfBoundsException("tensor %s has no elements".formatted(spec));
    }
    return position;
  }

  /** Makes the exception for an integer that a Java type has no room for. */
  static ArithmeticException outOfRange(
      TensorSpec spec, long position, long value, String java, String remedy) {
    String number = spec.dtype() == DType.U64 ? Long.toUnsignedString(value) : Long.toString(value);
    return new ArithmeticException(
        "tensor %s: element %s is %s, which no %s can hold: use %s"
            .formatted(spec, index(spec.shape(), position), number, java, remedy));
  }

  private static String index(Shape shape, long position) {
    long[] index = new long[shape.dimensions()];
    long rest = position;
    for (int dim = index.length - 1; dim >= 0; dim--) {
      index[dim] = rest % shape.dim(dim);
      rest /= shape.dim(dim);
    }
    return Arrays.toString(index);
  }
}
