// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.util.Arrays;
import java.util.BitSet;

/** Cuts parts of tensors element after element, as slowly as it gets. */
final class ElementOracle {
  private ElementOracle() {}

  /** Returns the indexes that a part has of a dimension. */
  private static long[] indexes(Shape shape, Part part, int dim) {
    long size = shape.dim(dim);
    long from = 0;
    long to = size;
    switch (part.kind()) {
      case ROWS -> {
        if (dim == 0) {
          return part.rows();
        }
      }
      case SLICE -> {
        if (part.ranges().containsKey(dim)) {
          from = part.ranges().get(dim).from();
          to = part.ranges().get(dim).to();
        }
      }
      case SHARD -> {
        if (part.shardDim().getAsInt() == dim) {
          long block = (size + part.shardCount().getAsInt() - 1) / part.shardCount().getAsInt();
          from = Math.min(size, block * part.shardRank().getAsInt());
          to = Math.min(size, from + block);
        }
      }
      default -> {}
    }
    long first = from;
    long[] all = new long[(int) (to - from)];
    Arrays.setAll(all, i -> first + i);
    return all;
  }

  static byte[] cut(byte[] all, DType dtype, Shape shape, Part part) {
    long elements = 1;
    long[][] indexes = new long[shape.dimensions()][];
    for (int dim = 0; dim < indexes.length; dim++) {
      indexes[dim] = indexes(shape, part, dim);
      elements *= indexes[dim].length;
    }
    int bytes = dtype.bits() / Byte.SIZE;
    if (dtype.bits() == bytes * Byte.SIZE) {
      byte[] whole = new byte[Math.toIntExact(elements * bytes)];
      for (int i = 0; i < elements; i++) {
        int from = (int) element(shape, indexes, i) * bytes;
        System.arraycopy(all, from, whole, i * bytes, bytes);
      }
      return whole;
    }
    BitSet bits = BitSet.valueOf(all);
    BitSet cut = new BitSet();
    int next = 0;
    for (long i = 0; i < elements; i++) {
      long element = element(shape, indexes, i);
      for (int bit = 0; bit < dtype.bits(); bit++) {
        cut.set(next++, bits.get((int) (element * dtype.bits() + bit)));
      }
    }
    return Arrays.copyOf(cut.toByteArray(), next / Byte.SIZE);
  }

  private static long element(Shape shape, long[][] indexes, long number) {
    long element = 0;
    long stride = 1;
    long rest = number;
    for (int dim = indexes.length - 1; dim >= 0; dim--) {
      element += indexes[dim][(int) (rest % indexes[dim].length)] * stride;
      rest /= indexes[dim].length;
      stride *= shape.dim(dim);
    }
    return element;
  }
}
