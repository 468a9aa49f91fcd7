// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import picocli.CommandLine.TypeConversionException;

/**
 * A slice as Python writes it, with a range for each of the first dimensions.
 *
 * @param text as it was written
 * @param ranges the ranges
 */
record SliceText(String text, List<Range> ranges) {
  /**
   * A range.
   *
   * @param from the first index; none begins at 0
   * @param to one past the last; none goes to the end
   */
  private record Range(OptionalLong from, OptionalLong to) {
    boolean isWhole() {
      return from.isEmpty() && to.isEmpty();
    }
  }

  /** Reads {@code [FROM:TO,...]}. */
  static SliceText parse(String text) {
    if (text.length() < 2 || !text.startsWith("[") || !text.endsWith("]")) {
      throw new TypeConversionException(
          "'%s' is no slice: want a range for each dimension, as in [0:128,:]".formatted(text));
    }
    List<Range> ranges = new ArrayList<>();
    for (String range : text.substring(1, text.length() - 1).split(",", -1)) {
      ranges.add(range(range.strip(), text));
    }
    return new SliceText(text, ranges);
  }

  private static Range range(String range, String text) {
    String[] ends = range.split(":", -1);
    if (ends.length != 2 || !isIndex(ends[0]) || !isIndex(ends[1])) {
      throw new TypeConversionException(
          "slice %s: '%s': %s".formatted(text, range, remedy(range, ends.length)));
    }
    return checked(new Range(index(ends[0]), index(ends[1])), range, text);
  }

  private static String remedy(String range, int ends) {
    if (ends == 1 && range.matches("[0-9]{1,9}")) {
      return "an index alone would take the dimension away; want %s:%s"
          .formatted(range, Integer.parseInt(range) + 1);
    }
    if (ends == 3) {
      return "a slice has no step; want FROM:TO, or --rows for rows that are apart";
    }
    return range.contains("-")
        ? "indexes count from the start of a dimension; want 0 or more"
        : "want FROM:TO, or : for a whole dimension";
  }

  private static boolean isIndex(String text) {
    return text.strip().matches("[0-9]{0,18}");
  }

  private static OptionalLong index(String text) {
    return text.isBlank() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text.strip()));
  }

  private static Range checked(Range range, String written, String text) {
    if (range.to.isPresent() && range.to.getAsLong() < range.from.orElse(0)) {
      throw new TypeConversionException(
          "slice %s: '%s' ends before it begins: want FROM:TO".formatted(text, written));
    }
    return range;
  }

  /**
   * Returns the part of a tensor.
   *
   * @throws IllegalArgumentException if it has fewer dimensions, or a range without an end begins
   *     past the end
   */
  Part of(TensorInfo tensor) {
    Shape shape = tensor.shape();
    if (shape.dimensions() < ranges.size()) {
      throw new IllegalArgumentException(
          "tensor %s: slice %s has %s ranges for %s dimensions: want a range for each at most"
              .formatted(tensor, text, ranges.size(), shape.dimensions()));
    }
    Part part = Part.whole();
    for (int dim = 0; dim < ranges.size(); dim++) {
      Range range = ranges.get(dim);
      if (!range.isWhole()) {
        long from = range.from.orElse(0);
        long to = range.to.orElse(Math.max(from, shape.dim(dim)));
        part = part.isWhole() ? Part.slice(dim, from, to) : part.and(dim, from, to);
      }
    }
    return part;
  }
}
