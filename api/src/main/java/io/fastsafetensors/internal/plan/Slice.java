// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.Region;

/**
 * One rank's part of a tensor: rows of a row-major tensor.
 *
 * @param shape the part's shape
 * @param offset where the first row starts in the tensor, in bytes
 * @param rows how many rows; 0 if the part is empty
 * @param rowBytes the size of a row, in bytes
 * @param pitch from the start of a row to the next, in bytes
 */
public record Slice(Shape shape, long offset, long rows, long rowBytes, long pitch) {
  /** Returns the part that is the whole tensor. */
  public static Slice whole(DType dtype, Shape shape) {
    long bytes = dtype.byteSize(shape.elements());
    return new Slice(shape, 0, 1, bytes, bytes);
  }

  /**
   * Cuts a tensor along a dimension of size S into N parts: with b = ceil(S / N), rank r gets [r*b,
   * min((r+1)*b, S)).
   *
   * @param tensor its name, for messages
   * @param dtype its type
   * @param shape its shape
   * @param dim the dimension to cut
   * @param ranks how many parts
   * @param rank which part
   * @return the part
   * @throws IllegalArgumentException if there is no such dimension, or if any rank's part doesn't
   *     start and end on whole bytes
   */
  public static Slice of(String tensor, DType dtype, Shape shape, int dim, int ranks, int rank) {
    checkDim(tensor, shape, dim);
    long size = shape.dim(dim);
    long block = Math.ceilDiv(size, ranks);
    long from = Math.min(size, rank * block);
    long count = Math.min(size - from, block);
    if (shape.elements() == 0) {
      return empty(shape.withDim(dim, count));
    }
    long stepBits = product(shape, dim + 1, shape.dimensions(), dtype.bits());
    long rowBits = Math.multiplyExact(size, stepBits);
    long rows = product(shape, 0, dim, 1);
    // All ranks refuse if one has to, so that none waits for the others.
    if (block < size && cutsBytes(block * stepBits, rowBits, rows)) {
      throw new IllegalArgumentException(
          "tensor %s %s %s: %s parts along dimension %s don't start and end on whole bytes"
              .formatted(Printable.quote(tensor), dtype, shape, ranks, dim));
    }
    if (count == 0) {
      return empty(shape.withDim(dim, 0));
    }
    if (count == size) {
      return whole(dtype, shape);
    }
    return new Slice(
        shape.withDim(dim, count),
        from * stepBits / Byte.SIZE,
        rows,
        count * stepBits / Byte.SIZE,
        rowBits / Byte.SIZE);
  }

  private static Slice empty(Shape shape) {
    return new Slice(shape, 0, 0, 0, 0);
  }

  private static boolean cutsBytes(long blockBits, long rowBits, long rows) {
    return blockBits % Byte.SIZE != 0 || (rows > 1 && rowBits % Byte.SIZE != 0);
  }

  /**
   * Checks that a tensor has a dimension that can be cut.
   *
   * @throws IllegalArgumentException if it hasn't
   */
  public static void checkDim(String tensor, Shape shape, int dim) {
    if (dim < 0 || dim >= shape.dimensions()) {
      throw new IllegalArgumentException(
          "tensor %s %s has no dimension %s: want %s"
              .formatted(
                  Printable.quote(tensor),
                  shape,
                  dim,
                  shape.dimensions() == 0
                      ? "a tensor that is no scalar"
                      : "0 to " + (shape.dimensions() - 1)));
    }
    if (shape.dim(dim) < 0) {
      throw new IllegalArgumentException(
          "tensor %s %s: dimension %s is too large to be cut"
              .formatted(Printable.quote(tensor), shape, dim));
    }
  }

  private static long product(Shape shape, int from, int to, long start) {
    long product = start;
    for (int i = from; i < to; i++) {
      product = Math.multiplyExact(product, shape.dim(i));
    }
    return product;
  }

  /** Returns the part's size, in bytes. */
  public long bytes() {
    return Math.multiplyExact(rows, rowBytes);
  }

  /** Returns the part's rows in a tensor's region. */
  public Region in(Region tensor) {
    return new Region(tensor.buffer(), tensor.offset() + offset, rows, rowBytes, pitch);
  }
}
