// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.List;
import java.util.stream.Collectors;

/** Joins tensors along a dimension. */
final class Concatenation {
  private Concatenation() {}

  /**
   * Checks that the parts that every rank gets of some tensors can be joined.
   *
   * @throws IllegalArgumentException if there is none, or if types or sizes don't fit
   */
  static void check(List<Request> requests, int dim, int ranks) {
    if (requests.isEmpty()) {
      throw new IllegalArgumentException("no tensors to concatenate");
    }
    Request first = requests.getFirst();
    for (Request other : requests) {
      other.checkDim(dim);
      if (!fits(first, other, dim)) {
        throw new IllegalArgumentException(
            "tensors %s and %s can't be joined: they differ in type or in another dimension than %s"
                .formatted(first.spec().as(first.wanted()), other.spec().as(other.wanted()), dim));
      }
      for (int rank = 0; rank < ranks; rank++) {
        checkRows(other.partSpec(ranks, rank).as(other.wanted()), dim);
      }
    }
  }

  private static boolean fits(Request first, Request other, int dim) {
    return other.wanted() == first.wanted()
        && other.shape().dimensions() == first.shape().dimensions()
        && other.shape().withDim(dim, 0).equals(first.shape().withDim(dim, 0));
  }

  private static void checkRows(TensorSpec spec, int dim) {
    long rows = rows(spec.shape(), dim);
    if (rows > 1 && spec.dtype().bitSize(spec.shape().elements()) % (rows * Byte.SIZE) != 0) {
      throw new IllegalArgumentException(
          "tensor %s can't be joined along dimension %s: its rows are not whole bytes"
              .formatted(spec, dim));
    }
  }

  /** Joins tensors of this rank; they stay open. */
  static Tensor of(SharedContext context, List<Tensor> tensors, int dim) throws LoadException {
    List<Piece> parts = tensors.stream().map(DefaultTensor::piece).toList();
    List<TensorSpec> joined = List.of(joined(parts, dim));
    TensorBatch.Filler filler =
        (whole, stream) -> copyRows(parts, dim, whole.pieces().getFirst(), stream);
    try (TensorBatch batch =
        TensorBatch.using(parts, () -> TensorBatch.make(context, joined, filler))) {
      return batch.tensors().getFirst();
    }
  }

  private static TensorSpec joined(List<Piece> parts, int dim) {
    TensorSpec first = parts.getFirst().spec();
    long size =
        parts.stream().mapToLong(part -> part.spec().shape().dim(dim)).reduce(0, Math::addExact);
    String name = parts.stream().map(part -> part.spec().name()).collect(Collectors.joining(","));
    return new TensorSpec(name, first.dtype(), first.shape().withDim(dim, size));
  }

  private static void copyRows(List<Piece> parts, int dim, Piece whole, DeviceStream stream)
      throws LoadException {
    if (whole.region().bytes() == 0) {
      return;
    }
    Region target = whole.region();
    long rows = rows(whole.spec().shape(), dim);
    long pitch = target.bytes() / rows;
    long offset = target.offset();
    for (Piece part : parts) {
      Region source = part.region();
      long rowBytes = source.bytes() / rows;
      if (rowBytes > 0) {
        stream.copy(
            new Region(source.buffer(), source.offset(), rows, rowBytes, rowBytes),
            new Region(target.buffer(), offset, rows, rowBytes, pitch));
      }
      offset += rowBytes;
    }
  }

  /** Counts the rows that a cut along a dimension leaves apart. */
  private static long rows(Shape shape, int dim) {
    long rows = 1;
    for (int i = 0; i < dim; i++) {
      rows = Math.multiplyExact(rows, shape.dim(i));
    }
    return rows;
  }
}
