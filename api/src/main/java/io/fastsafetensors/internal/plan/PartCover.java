// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.BoxOverlap.Box;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Whether the parts that ranks have of a tensor are all of it, each element once.
 *
 * @param shape the tensor's
 */
public record PartCover(Shape shape) {
  /**
   * What a rank has.
   *
   * @param rank the rank
   * @param part the part, with ranges that the tensor has: whole, or a slice
   */
  public record Held(int rank, Part part) {
    private String text() {
      return "rank %s has %s".formatted(rank, part.isWhole() ? "all of it" : part);
    }
  }

  /** Says what is missing, or is there twice; nothing if the parts are the tensor. */
  public Optional<String> fault(List<Held> parts) {
    if (shape.elements() == 0 || (parts.size() == 1 && parts.getFirst().part().isWhole())) {
      return Optional.empty();
    }
    List<Held> some = parts.stream().filter(held -> elements(held) > 0).toList();
    if (some.isEmpty()) {
      return Optional.of("no rank has any of it");
    }
    int[] cut =
        IntStream.range(0, shape.dimensions())
            .filter(dim -> some.stream().anyMatch(held -> isCut(held, dim)))
            .toArray();
    return cut.length <= 1 ? alongOne(cut.length == 0 ? 0 : cut[0], some) : alongSeveral(some);
  }

  private boolean isCut(Held held, int dim) {
    return held.part().ranges().containsKey(dim);
  }

  private Part.Range range(Held held, int dim) {
    Part.Range range = held.part().ranges().get(dim);
    return range == null ? new Part.Range(0, shape.dim(dim)) : range;
  }

  private long elements(Held held) {
    long elements = 1;
    for (int dim = 0; dim < shape.dimensions(); dim++) {
      Part.Range range = range(held, dim);
      elements *= range.to() - range.from();
    }
    return elements;
  }

  private Optional<String> alongOne(int dim, List<Held> parts) {
    if (shape.dimensions() == 0) {
      return overlap(parts.get(0), parts.get(1)); // one alone was all of it
    }
    List<Held> sorted =
        parts.stream()
            .sorted(
                Comparator.<Held>comparingLong(held -> range(held, dim).from())
                    .thenComparingInt(Held::rank))
            .toList();
    long end = 0;
    Held last = sorted.getFirst();
    for (Held held : sorted) {
      Part.Range range = range(held, dim);
      if (range.from() < end) {
        return overlap(last, held);
      }
      if (range.from() > end) {
        return missing(dim, end, range.from());
      }
      end = range.to();
      last = held;
    }
    return end < shape.dim(dim) ? missing(dim, end, shape.dim(dim)) : Optional.empty();
  }

  private static Optional<String> missing(int dim, long from, long to) {
    return Optional.of("no rank has %s:%s of dimension %s".formatted(from, to, dim));
  }

  private static Optional<String> overlap(Held a, Held b) {
    return Optional.of(a.text() + " and " + b.text() + ", which overlap");
  }

  private Optional<String> alongSeveral(List<Held> parts) {
    Optional<BoxOverlap.Pair> pair =
        BoxOverlap.find(
            parts.stream().map(this::box).toList(),
            new Box(new long[shape.dimensions()], shape.dims()));
    if (pair.isPresent()) {
      return overlap(parts.get(pair.get().first()), parts.get(pair.get().second()));
    }
    long elements = parts.stream().mapToLong(this::elements).sum();
    return elements == shape.elements()
        ? Optional.empty()
        : Optional.of("the ranks have %s of its %s elements".formatted(elements, shape.elements()));
  }

  private Box box(Held held) {
    long[] from = new long[shape.dimensions()];
    long[] to = shape.dims();
    held.part()
        .ranges()
        .forEach((dim, range) -> {
          from[dim] = range.from();
          to[dim] = range.to();
        });
    return new Box(from, to);
  }
}
