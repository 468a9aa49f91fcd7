// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.text.Glob;
import io.fastsafetensors.internal.text.Printable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names with a number in them, such as those of experts.
 *
 * @param pattern the names, with {@code #} for the number
 * @param regex the same, with a group for it
 */
record NumberedNames(String pattern, Pattern regex) {
  /** As many digits as are sure to fit into a long. */
  private static final String NUMBER = "([0-9]{1,18})";

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException if it has no {@code #}, or several
   */
  static NumberedNames of(String pattern) {
    String[] halves = pattern.split("#", -1);
    if (halves.length != 2) {
      throw new IllegalArgumentException(
          "%s: want one # where the number is".formatted(Printable.quote(pattern)));
    }
    return new NumberedNames(
        pattern,
        Pattern.compile(Glob.regex(halves[0]) + NUMBER + Glob.regex(halves[1]), Pattern.DOTALL));
  }

  /** Returns the number in a tensor's name; empty if it has another name. */
  OptionalLong number(TensorInfo tensor) {
    Matcher matcher = regex.matcher(tensor.name());
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /** Finds ranges of which no tensor has a number; none if there are no such names at all. */
  List<String> missing(List<Part.Range> wanted, Collection<TensorInfo> tensors) {
    NavigableSet<Long> numbers = new TreeSet<>();
    tensors.forEach(tensor -> number(tensor).ifPresent(numbers::add));
    List<String> missing = new ArrayList<>();
    for (Part.Range range : wanted) {
      if (!numbers.isEmpty() && numbers.subSet(range.from(), range.to()).isEmpty()) {
        missing.add(
            "%s: no tensor has %s: want %s"
                .formatted(
                    Printable.quote(pattern),
                    text(range.from(), range.to() - 1),
                    text(numbers.first(), numbers.last())));
      }
    }
    return missing;
  }

  private static String text(long first, long last) {
    return first == last ? "number " + first : "a number from %s to %s".formatted(first, last);
  }
}
