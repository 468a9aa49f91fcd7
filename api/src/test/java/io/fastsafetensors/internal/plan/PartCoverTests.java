// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.PartCover.Held;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parts are a tensor if each of its elements is in one of them. */
@Timeout(60)
class PartCoverTests {
  private static final int STRIPS = 40_000;

  private static Part part(long[] from, long[] to) {
    Part part = Part.slice(0, from[0], to[0]);
    for (int dim = 1; dim < from.length; dim++) {
      part = part.and(dim, from[dim], to[dim]);
    }
    return part;
  }

  private static List<Held> held(List<Part> parts) {
    return IntStream.range(0, parts.size()).mapToObj(i -> new Held(i, parts.get(i))).toList();
  }

  private static Optional<String> fault(Shape shape, List<Part> parts) {
    return new PartCover(shape).fault(held(parts));
  }

  /** Cuts a tensor in two, and the parts again. */
  private static List<Part> cut(Random random, Shape shape, int cuts) {
    List<long[][]> boxes = new ArrayList<>();
    boxes.add(new long[][] {new long[shape.dimensions()], shape.dims()});
    for (int i = 0; i < cuts; i++) {
      long[][] box = boxes.get(random.nextInt(boxes.size()));
      int dim = random.nextInt(shape.dimensions());
      if (box[1][dim] - box[0][dim] > 1) {
        long at = box[0][dim] + 1 + random.nextLong(box[1][dim] - box[0][dim] - 1);
        long[][] rest = {box[0].clone(), box[1].clone()};
        rest[0][dim] = at;
        box[1][dim] = at;
        boxes.add(rest);
      }
    }
    Collections.shuffle(boxes, random);
    return new ArrayList<>(boxes.stream().map(box -> part(box[0], box[1])).toList());
  }

  /** Finds by each element what is wrong: the start of the message that says so. */
  private static Set<String> faults(Shape shape, List<Part> parts) {
    int[] counts = new int[(int) shape.elements()];
    Set<String> faults = new HashSet<>();
    int[] holders = new int[counts.length];
    for (int i = 0; i < parts.size(); i++) {
      for (int element : elements(shape, parts.get(i))) {
        if (counts[element]++ > 0) {
          faults.add(
              "rank %s has %s and rank %s has %s, which overlap"
                  .formatted(holders[element], parts.get(holders[element]), i, parts.get(i)));
        }
        holders[element] = i;
      }
    }
    long found = IntStream.of(counts).sum();
    if (faults.isEmpty() && found < counts.length) {
      faults.add("the ranks have %s of its %s elements".formatted(found, counts.length));
    }
    return faults;
  }

  private static int[] elements(Shape shape, Part part) {
    return IntStream.range(0, (int) shape.elements())
        .filter(element -> {
          long rest = element;
          for (int dim = shape.dimensions() - 1; dim >= 0; dim--) {
            long index = rest % shape.dim(dim);
            Part.Range range = part.ranges().get(dim);
            if (range != null && (index < range.from() || index >= range.to())) {
              return false;
            }
            rest /= shape.dim(dim);
          }
          return true;
        })
        .toArray();
  }

  @Test
  void findsWhatEachElementShows() {
    Random random = new Random(5);
    for (int i = 0; i < 400; i++) {
      Shape shape =
          random.nextBoolean()
              ? Shape.of(1 + random.nextInt(9), 2 + random.nextInt(9))
              : Shape.of(3, 1 + random.nextInt(4), 2 + random.nextInt(5), 2);
      List<Part> parts = cut(random, shape, random.nextInt(25));
      switch (random.nextInt(4)) {
        case 0 -> {}
        case 1 -> parts.removeLast();
        case 2 -> parts.set(random.nextInt(parts.size()), cut(random, shape, 3).getFirst());
        default -> parts.add(cut(random, shape, 6).getFirst());
      }
      Set<String> expected =
          parts.isEmpty() ? Set.of("no rank has any of it") : faults(shape, parts);
      Optional<String> found = fault(shape, parts);
      if (expected.isEmpty() || found.isEmpty()) {
        assertThat(expected).as("%s of %s: %s", parts, shape, found).isEmpty();
        assertThat(found).as("%s of %s", parts, shape).isEmpty();
      } else if (found.get().contains("overlap")) {
        assertOverlap(shape, parts, found.get());
      } else if (!found.get().startsWith("no rank has")) { // of one dimension the first fault
        assertThat(expected).as("%s of %s", parts, shape).contains(found.get());
      }
    }
  }

  private static void assertOverlap(Shape shape, List<Part> parts, String fault) {
    List<Held> named =
        held(parts).stream()
            .filter(held -> fault.contains("rank " + held.rank() + " has " + held.part()))
            .toList();
    assertThat(named).as(fault).hasSize(2);
    Set<Integer> first = new HashSet<>();
    IntStream.of(elements(shape, named.getFirst().part())).forEach(first::add);
    assertThat(IntStream.of(elements(shape, named.getLast().part())).anyMatch(first::contains))
        .as(fault)
        .isTrue();
  }

  private static List<Part> grid(long... counts) {
    List<Part> parts = new ArrayList<>();
    long all = Shape.of(counts).elements();
    for (long i = 0; i < all; i++) {
      long rest = i;
      long[] from = new long[counts.length];
      long[] to = new long[counts.length];
      for (int dim = counts.length - 1; dim >= 0; dim--) {
        from[dim] = rest % counts[dim] * (3 + dim);
        to[dim] = from[dim] + 3 + dim;
        rest /= counts[dim];
      }
      parts.add(part(from, to));
    }
    Collections.shuffle(parts, new Random(1));
    return parts;
  }

  /** To compare each part with all others would take minutes. */
  @Test
  void takesManyParts() {
    assertMany(Shape.of(400 * 3, 250 * 4), grid(400, 250));
    assertMany(Shape.of(3, 20_000 * 4, 10), grid(1, 20_000, 2));
    assertMany(Shape.of(30 * 3, 30 * 4, 30 * 5), grid(30, 30, 30));
    assertMany(Shape.of(30_000, 30_000), cut(new Random(2), Shape.of(30_000, 30_000), 20_000));
  }

  private static void assertMany(Shape shape, List<Part> parts) {
    assertThat(fault(shape, parts)).isEmpty();
    Part last = parts.removeLast();
    assertThat(fault(shape, parts)).get().asString().startsWith("the ranks have ");
    parts.set(7, last);
    parts.add(last);
    assertThat(fault(shape, parts))
        .hasValue(
            "rank 7 has %s and rank %s has %s, which overlap"
                .formatted(last, parts.size() - 1, last));
  }

  /** Strips that cross half of the tensor, as bricks do, and parts in all dimensions. */
  @Test
  void takesManyStripsAndDimensions() {
    List<Part> strips = new ArrayList<>();
    int half = STRIPS / 2;
    for (int i = 0; i < half; i++) {
      strips.add(part(new long[] {i, 0}, new long[] {i + 1, half}));
      strips.add(part(new long[] {0, half + i}, new long[] {half, half + i + 1}));
    }
    assertThat(fault(Shape.of(half, STRIPS), strips)).isEmpty();
    long[] many = new long[40];
    Arrays.fill(many, 1);
    many[20] = 2;
    many[39] = 2;
    long[] to = many.clone();
    to[39] = 1;
    assertThat(fault(Shape.of(many), List.of(part(new long[40], to), part(new long[40], many))))
        .get()
        .asString()
        .endsWith("which overlap");
  }
}
