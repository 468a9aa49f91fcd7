// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.values;

import io.fastsafetensors.format.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which elements of a tensor its text shows: all of up to 1000, else three at both ends of each
 * dimension, as torch and numpy do; fewer where dimensions are so many that this were too much.
 */
public final class Excerpt {
  /** Up to so many elements, all are shown. */
  private static final long ALL_SHOWN = 1000;

  private static final int EDGE = 3;

  /** The most elements shown of larger tensors; torch has no such bound. */
  private static final long MOST = 2000;

  /** What torch and numpy have, too; a file may say thousands. */
  private static final int MOST_DIMENSIONS = 64;

  private final long[] dims;
  private final int edge;
  private final List<Run> runs = new ArrayList<>();

  /**
   * Elements side by side.
   *
   * @param start the first, in row-major order
   * @param count how many
   */
  public record Run(long start, long count) {}

  private Excerpt(long[] dims, int edge) {
    this.dims = dims;
    this.edge = edge;
    addRuns(0, 0);
  }

  /** Returns what is shown of a shape with elements; empty if it has too many dimensions. */
  public static Optional<Excerpt> of(Shape shape) {
    long[] dims = shape.dims();
    if (dims.length > MOST_DIMENSIONS) {
      return Optional.empty();
    }
    if (shape.elements() <= ALL_SHOWN) {
      return Optional.of(new Excerpt(dims, (int) ALL_SHOWN));
    }
    for (int edge = EDGE; edge > 0; edge--) {
      if (shown(dims, edge) <= MOST) {
        return Optional.of(new Excerpt(dims, edge));
      }
    }
    return Optional.empty();
  }

  private static long shown(long[] dims, int edge) {
    long product = 1;
    for (long dim : dims) {
      product = Math.multiplyExact(product, Math.min(dim, 2L * edge));
      if (product > MOST) {
        break;
      }
    }
    return product;
  }

  private void addRuns(int dim, long start) {
    if (dim == dims.length) {
      add(start);
      return;
    }
    for (long i = 0; i < dims[dim]; i = next(dim, i)) {
      addRuns(dim + 1, start * dims[dim] + i);
    }
  }

  private void add(long element) {
    if (!runs.isEmpty()) {
      Run last = runs.getLast();
      if (last.start() + last.count() == element) {
        runs.set(runs.size() - 1, new Run(last.start(), last.count() + 1));
        return;
      }
    }
    runs.add(new Run(element, 1));
  }

  /** Returns the elements shown, in their order. */
  public List<Run> runs() {
    return List.copyOf(runs);
  }

  /** Counts the elements shown. */
  public long elements() {
    return runs.stream().mapToLong(Run::count).sum();
  }

  int rank() {
    return dims.length;
  }

  long dim(int index) {
    return dims[index];
  }

  /** Returns the position along a dimension that is shown after another. */
  long next(int dim, long position) {
    return isGapAfter(dim, position) ? dims[dim] - edge : position + 1;
  }

  /** Tells whether positions after this one are left out. */
  boolean isGapAfter(int dim, long position) {
    return dims[dim] > 2L * edge && position == edge - 1;
  }
}
