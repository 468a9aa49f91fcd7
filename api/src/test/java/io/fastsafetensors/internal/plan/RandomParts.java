// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Makes tensors and parts of them, by chance.
 *
 * @param random the source of chance; the same seed makes the same
 */
record RandomParts(Random random) {
  private static final int MOST_DIMENSIONS = 5;
  private static final long MOST_ELEMENTS = 3000;

  DType dtype() {
    return any(List.of(DType.values()));
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Returns a shape of up to five dimensions, also of sizes 0 and 1, that fills whole bytes. */
  Shape shape(DType dtype) {
    while (true) {
      long[] dims = new long[random.nextInt(MOST_DIMENSIONS + 1)];
      for (int dim = 0; dim < dims.length; dim++) {
        dims[dim] =
            switch (random.nextInt(20)) {
              case 0 -> 0;
              case 1, 2, 3 -> 1;
              case 4, 5, 6 -> 8L * (1 + random.nextInt(3));
              default -> 2 + random.nextInt(9);
            };
      }
      Shape shape = Shape.of(dims);
      if (shape.elements() <= MOST_ELEMENTS && dtype.bitSize(shape.elements()) % 8 == 0) {
        return shape;
      }
    }
  }

  /** Returns a part that the shape has. */
  Part part(Shape shape) {
    if (shape.dimensions() == 0) {
      return Part.whole();
    }
    int dim = random.nextInt(shape.dimensions());
    return switch (random.nextInt(8)) {
      case 0 -> Part.whole();
      case 1, 2 -> Part.shard(dim);
      case 3 -> {
        int shards = 1 + random.nextInt(9);
        yield Part.shard(dim, random.nextInt(shards), shards);
      }
      case 4 -> rows(shape.dim(0));
      default -> slice(shape);
    };
  }

  private Part rows(long rows) {
    double share = any(List.of(0.1, 0.5, 0.9));
    return Part.rows(LongStream.range(0, rows).filter(_ -> random.nextDouble() < share).toArray());
  }

  private Part slice(Shape shape) {
    Part part = null;
    while (part == null) {
      for (int dim = 0; dim < shape.dimensions(); dim++) {
        long size = shape.dim(dim);
        long from = random.nextLong(size + 1);
        long to = from + random.nextLong(size - from + 1);
        if (random.nextInt(4) == 0) {
          from = 0;
          to = size;
        }
        if (random.nextBoolean()) {
          part = part == null ? Part.slice(dim, from, to) : part.and(dim, from, to);
        }
      }
    }
    return part;
  }
}
