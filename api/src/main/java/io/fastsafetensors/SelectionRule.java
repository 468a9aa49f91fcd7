// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.text.Glob;
import io.fastsafetensors.internal.text.Printable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/** What is wanted of the tensors that match: by name, by a number in it, or by a predicate. */
final class SelectionRule {
  private final String text;
  private final Optional<String> pattern;
  private final Predicate<TensorInfo> which;
  private final Function<TensorInfo, Part> part;
  private final Function<Collection<TensorInfo>, List<String>> missing;

  private SelectionRule(
      String text,
      Optional<String> pattern,
      Predicate<TensorInfo> which,
      Function<TensorInfo, Part> part,
      Function<Collection<TensorInfo>, List<String>> missing) {
    this.text = text;
    this.pattern = pattern;
    this.which = which;
    this.part = part;
    this.missing = missing;
  }

  /** Makes a rule for a glob. */
  static SelectionRule byName(String glob, Part part) {
    return byName(glob + ": " + part, glob, _ -> part);
  }

  /** Makes a rule for a glob, whose part depends on the tensor. */
  static SelectionRule byName(String glob, Function<TensorInfo, Part> part) {
    return byName(glob + ": by tensor", glob, part);
  }

  private static SelectionRule byName(String text, String glob, Function<TensorInfo, Part> part) {
    Predicate<String> matcher = Glob.matcher(glob);
    return new SelectionRule(
        text, Optional.of(glob), info -> matcher.test(info.name()), part, _ -> List.of());
  }

  /** Makes a rule for a predicate. */
  static SelectionRule byInfo(Predicate<TensorInfo> which, Part part) {
    return new SelectionRule(
        "a predicate: " + part, Optional.empty(), which, _ -> part, _ -> List.of());
  }

  /** Makes a rule for what has the dimensions of a part. */
  static SelectionRule byDimensions(Part part) {
    int last = lastDim(part);
    return new SelectionRule(
        part.toString(),
        Optional.empty(),
        info -> info.shape().dimensions() > last,
        _ -> part,
        tensors -> missingDim(part, last, tensors));
  }

  private static int lastDim(Part part) {
    return switch (part.kind()) {
      case WHOLE, NONE -> -1;
      case ROWS -> 0;
      case SHARD -> part.shardDim().orElseThrow();
      case SLICE -> part.ranges().lastKey();
    };
  }

  private static List<String> missingDim(Part part, int dim, Collection<TensorInfo> tensors) {
    int most = tensors.stream().mapToInt(info -> info.shape().dimensions()).max().orElse(dim + 1);
    return most > dim
        ? List.of()
        : List.of(
            "%s: no tensor has dimension %s: want %s"
                .formatted(
                    part, dim, most == 0 ? "tensors that are no scalars" : "0 to " + (most - 1)));
  }

  /**
   * Makes a rule for a pattern with a number.
   *
   * @throws IllegalArgumentException if the pattern has none, or several
   */
  static SelectionRule byNumber(String pattern, LongPredicate wanted, Part part) {
    return byNumber(NumberedNames.of(pattern), wanted, part, _ -> List.of());
  }

  /**
   * Makes a rule for a pattern with numbers that must be there.
   *
   * @throws IllegalArgumentException if the pattern has none, or several, or a range is empty
   */
  static SelectionRule byNumbers(String pattern, List<Part.Range> wanted, Part part) {
    NumberedNames names = NumberedNames.of(pattern);
    for (Part.Range range : wanted) {
      if (range.from() == range.to()) {
        throw new IllegalArgumentException(
            "%s: range %s has no number".formatted(Printable.quote(pattern), range));
      }
    }
    LongPredicate isWanted =
        number -> wanted.stream().anyMatch(r -> r.from() <= number && number < r.to());
    return byNumber(names, isWanted, part, tensors -> names.missing(wanted, tensors));
  }

  private static SelectionRule byNumber(
      NumberedNames names,
      LongPredicate wanted,
      Part part,
      Function<Collection<TensorInfo>, List<String>> missing) {
    return new SelectionRule(
        names.pattern() + ": " + part,
        Optional.of(names.pattern()),
        info -> names.number(info).isPresent(),
        info -> wanted.test(names.number(info).getAsLong()) ? part : Part.none(),
        missing);
  }

  /** Tells whether the rule is for a tensor. */
  boolean matches(TensorInfo tensor) {
    return which.test(tensor);
  }

  /** Returns what is wanted of a tensor that it is for. */
  Part part(TensorInfo tensor) {
    return part.apply(tensor);
  }

  /** Returns the pattern of names if no tensor matches it; empty for what has none. */
  Optional<String> unmatched(Collection<TensorInfo> tensors) {
    return pattern.filter(_ -> tensors.stream().noneMatch(which));
  }

  /** Returns what it asks for that no tensor has. */
  List<String> missing(Collection<TensorInfo> tensors) {
    return missing.apply(tensors);
  }

  @Override
  public String toString() {
    return text;
  }
}
