// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.Shape;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.spi.Region;
import java.util.List;
import java.util.stream.Collectors;

/** Joins tensors along a dimension. */
final class Concatenation {
  private Concatenation() {}

  /**
   * Checks that tensors can be joined.
   *
   * @throws IllegalArgumentException if there is none, or if types or sizes differ
   */
  static void check(List<Request> requests, int dim) {
    if (requests.isEmpty()) {
      throw new IllegalArgumentException("no tensors to concatenate");
    }
    Request first = requests.getFirst();
    for (Request other : requests) {
      // Also checks the dimension itself.
      other.part(1, 0);
      boolean fits =
          other.wanted() == first.wanted()
              && other.shape().rank() == first.shape().rank()
              && other.shape().withDim(dim, 0).equals(first.shape().withDim(dim, 0));
      if (!fits) {
        throw new IllegalArgumentException(
            "tensors %s and %s differ in more than dimension %d"
                .formatted(first.entry().info(), other.entry().info(), dim));
      }
    }
  }

  /** Joins tensors of this rank; they stay open. */
  static Tensor of(SharedContext context, List<Tensor> parts, int dim) throws LoadException {
    Tensor first = parts.getFirst();
    long size = parts.stream().mapToLong(part -> part.shape().dim(dim)).sum();
    Shape shape = first.shape().withDim(dim, size);
    long bytes = first.dtype().byteSize(shape.elements());
    Memory memory = Memory.allocate(context, bytes);
    try {
      Region whole = Region.of(memory.buffer(), 0, bytes);
      if (bytes > 0) {
        copyRows(context, parts, dim, whole);
      }
      String name = parts.stream().map(Tensor::name).collect(Collectors.joining(","));
      return DefaultTensor.copy(name, first.dtype(), shape, memory, whole);
    } finally {
      memory.release();
    }
  }

  private static void copyRows(SharedContext context, List<Tensor> parts, int dim, Region whole)
      throws LoadException {
    long rows = outer(parts.getFirst().shape(), dim);
    long pitch = whole.bytes() / rows;
    context.run(stream -> {
      long offset = 0;
      for (Tensor part : parts) {
        long rowBytes = rowBytes(part, rows);
        if (rowBytes > 0) {
          Region source = ((DefaultTensor) part).region();
          stream.copy(
              new Region(source.buffer(), source.offset(), rows, rowBytes, rowBytes),
              new Region(whole.buffer(), offset, rows, rowBytes, pitch));
        }
        offset += rowBytes;
      }
    });
  }

  private static long rowBytes(Tensor part, long rows) {
    DType dtype = part.dtype();
    if (dtype.isSubByte() && part.byteSize() % rows != 0) {
      throw new IllegalArgumentException(
          "the rows of tensor '%s' %s %s are not whole bytes: they can't be joined"
              .formatted(part.name(), dtype, part.shape()));
    }
    return part.byteSize() / rows;
  }

  private static long outer(Shape shape, int dim) {
    long product = 1;
    for (int i = 0; i < dim; i++) {
      product = Math.multiplyExact(product, shape.dim(i));
    }
    return product;
  }
}
