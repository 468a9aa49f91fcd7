// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Finds boxes that overlap. A space is cut in two where a box begins or ends, and each half again,
 * until it has at most one box, or boxes that fill it. For {@code n} boxes in a grid, in rows or in
 * columns, that takes time as {@code n log² n}.
 */
final class BoxOverlap {
  private final List<Box> boxes;

  private BoxOverlap(List<Box> boxes) {
    this.boxes = boxes;
  }

  /**
   * What has a range of each dimension.
   *
   * @param from where each begins
   * @param to where each ends, which is after that
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Box(long[] from, long[] to) {
    private Box withFrom(int dim, long begin) {
      long[] changed = from.clone();
      changed[dim] = begin;
      return new Box(changed, to);
    }

    private Box withTo(int dim, long end) {
      long[] changed = to.clone();
      changed[dim] = end;
      return new Box(from, changed);
    }
  }

  /**
   * Two boxes that overlap.
   *
   * @param first the number of one
   * @param second the number of the other, a larger one
   */
  record Pair(int first, int second) {}

  /** Where a space is cut. */
  private record Cut(int dim, long at) {}

  /**
   * Finds two boxes that overlap, the same ones each time; nothing if none do.
   *
   * @param space has all of the boxes
   */
  static Optional<Pair> find(List<Box> boxes, Box space) {
    int[] all = IntStream.range(0, boxes.size()).toArray();
    return new BoxOverlap(boxes).in(space, all);
  }

  /**
   * Looks at a space.
   *
   * @param some the boxes that have some of it
   */
  private Optional<Pair> in(Box space, int[] some) {
    if (some.length < 2) {
      return Optional.empty();
    }
    Optional<Cut> cut = cut(space, some);
    return cut.isEmpty()
        ? Optional.of(new Pair(some[0], some[1]))
        : inHalves(space, some, cut.get().dim(), cut.get().at());
  }

  private Optional<Pair> inHalves(Box space, int[] some, int dim, long at) {
    int[] low = Arrays.stream(some).filter(i -> boxes.get(i).from()[dim] < at).toArray();
    Optional<Pair> found = in(space.withTo(dim, at), low);
    if (found.isPresent()) {
      return found;
    }
    int[] high = Arrays.stream(some).filter(i -> boxes.get(i).to()[dim] > at).toArray();
    return in(space.withFrom(dim, at), high);
  }

  /** Cuts through the dimension in which most boxes begin or end, half of them before the cut. */
  private Optional<Cut> cut(Box space, int[] some) {
    long[] most = {};
    int dim = 0;
    for (int i = 0; i < space.from().length; i++) {
      long[] edges = edges(space, some, i);
      if (edges.length > most.length) {
        most = edges;
        dim = i;
      }
    }
    if (most.length == 0) {
      return Optional.empty();
    }
    Arrays.sort(most);
    return Optional.of(new Cut(dim, most[most.length / 2]));
  }

  /** Returns where boxes begin and end within a space. */
  private long[] edges(Box space, int[] some, int dim) {
    long begin = space.from()[dim];
    long end = space.to()[dim];
    long[] edges = new long[2 * some.length];
    int count = 0;
    for (int i : some) {
      long from = boxes.get(i).from()[dim];
      long to = boxes.get(i).to()[dim];
      if (from > begin) { // and before its end, as the box has some of it
        edges[count++] = from;
      }
      if (to < end) {
        edges[count++] = to;
      }
    }
    return Arrays.copyOf(edges, count);
  }
}
