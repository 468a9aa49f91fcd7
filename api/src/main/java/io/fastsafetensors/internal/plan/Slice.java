// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.DType;
import io.fastsafetensors.Shape;
import io.fastsafetensors.spi.Region;

/**
 * One rank's part of a tensor along one dimension: rows of a row-major tensor.
 *
 * @param shape the part's shape
 * @param offset where the first row starts in the tensor, in bytes
 * @param rows how many rows
 * @param rowBytes the size of a row, in bytes
 * @param pitch from the start of a row to the next, in bytes
 */
public record Slice(Shape shape, long offset, long rows, long rowBytes, long pitch) {
  /**
   * Cuts a tensor.
   *
   * @param tensor its name, for messages
   * @param dtype its type
   * @param shape its shape
   * @param dim the dimension to cut
   * @param ranks how many parts
   * @param rank which part
   * @return the part
   * @throws IllegalArgumentException if there is no such dimension or the part's rows are not whole
   *     bytes
   */
  public static Slice of(String tensor, DType dtype, Shape shape, int dim, int ranks, int rank) {
    checkDim(tensor, shape, dim);
    long size = shape.dim(dim);
    long block = Math.ceilDiv(size, ranks);
    long from = Math.min(size, rank * block);
    long count = Math.min(size - from, block);
    Shape part = shape.withDim(dim, count);
    if (shape.elements() == 0) {
      return new Slice(part, 0, 0, 0, 0);
    }
    long innerBits = bits(shape, dim + 1, shape.rank(), dtype.bits());
    long outer = bits(shape, 0, dim, 1);
    // One part with an odd size is enough to put all others between bytes: refuse for every rank.
    if (dtype.isSubByte() && ranks > 1 && cutsBytes(innerBits, size, block, outer)) {
      throw new IllegalArgumentException(
          "tensor '%s' %s %s: %d parts along dimension %d don't start and end on whole bytes"
              .formatted(tensor, dtype, shape, ranks, dim));
    }
    if (ranks == 1) {
      long bytes = dtype.byteSize(shape.elements());
      return new Slice(part, 0, 1, bytes, bytes);
    }
    long rowBytes = count * innerBits / Byte.SIZE;
    return new Slice(
        part, from * innerBits / Byte.SIZE, outer, rowBytes, size * innerBits / Byte.SIZE);
  }

  private static boolean cutsBytes(long innerBits, long size, long block, long outer) {
    boolean insideRow = block < size && block * innerBits % Byte.SIZE != 0;
    boolean betweenRows = outer > 1 && size * innerBits % Byte.SIZE != 0;
    return insideRow || betweenRows;
  }

  private static void checkDim(String tensor, Shape shape, int dim) {
    if (dim < 0 || dim >= shape.rank()) {
      throw new IllegalArgumentException(
          "tensor '%s' %s has no dimension %d: want %s"
              .formatted(
                  tensor,
                  shape,
                  dim,
                  shape.rank() == 0 ? "a tensor that is no scalar" : "0 to " + (shape.rank() - 1)));
    }
    if (shape.dim(dim) < 0) {
      throw new IllegalArgumentException(
          "tensor '%s' %s: dimension %d is too large to be cut".formatted(tensor, shape, dim));
    }
  }

  private static long bits(Shape shape, int from, int to, long start) {
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
