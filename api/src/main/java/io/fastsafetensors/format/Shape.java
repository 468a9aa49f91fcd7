// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The dimensions of a tensor, outermost first; immutable.
 *
 * <p>Rank 0 is a scalar: one element. The format counts in unsigned 64-bit numbers; a dimension
 * above {@link Long#MAX_VALUE} can stand in a valid file only in a tensor without elements, and is
 * held and printed as unsigned.
 *
 * @since 0.1
 */
public final class Shape {
  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * Makes a shape.
   *
   * @param dims the dimensions, outermost first, as unsigned numbers; copied
   * @return the shape
   */
  public static Shape of(long... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /**
   * Returns the number of dimensions.
   *
   * @return 0 for a scalar
   */
  public int dimensions() {
    return dims.length;
  }

  /**
   * Returns one dimension.
   *
   * @param index from 0, outermost, to {@code dimensions() - 1}
   * @return its size in elements, as an unsigned number
   * @throws IndexOutOfBoundsException if there is no such dimension
   */
  public long dim(int index) {
    return dims[index];
  }

  /**
   * Returns all dimensions.
   *
   * @return a fresh array, outermost first
   */
  public long[] dims() {
    return dims.clone();
  }

  /**
   * Counts the elements.
   *
   * @return the product of the dimensions; 1 for a scalar
   * @throws ArithmeticException if the product, taken from the left, overflows an unsigned 64-bit
   *     number (format rule {@code ValidationOverflow}) or exceeds {@link Long#MAX_VALUE}
   */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      product = multiplyUnsigned(product, dim);
    }
    if (product < 0) {
      throw new ArithmeticException(this + " has more than " + Long.MAX_VALUE + " elements");
    }
    return product;
  }

  /**
   * Replaces one dimension.
   *
   * @param index from 0 to {@code dimensions() - 1}
   * @param size the new size in elements
   * @return the new shape
   * @throws IndexOutOfBoundsException if there is no such dimension
   */
  public Shape withDim(int index, long size) {
    long[] changed = dims.clone();
    changed[index] = size;
    return new Shape(changed);
  }

  private long multiplyUnsigned(long a, long b) {
    if (Math.unsignedMultiplyHigh(a, b) != 0) {
      throw new ArithmeticException("the number of elements of " + this + " overflows 64 bits");
    }
    return a * b;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** Returns the dimensions as in a file: {@code [16, 8]}. */
  @Override
  public String toString() {
    return Arrays.stream(dims)
        .mapToObj(Long::toUnsignedString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
