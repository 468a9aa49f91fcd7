// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.text.Glob;
import io.fastsafetensors.internal.text.Printable;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is wanted of the tensors that match: by name, by a number in it, or by a predicate. */
final class SelectionRule {
  /** As many digits as are sure to fit into a long. */
  private static final String NUMBER = "([0-9]{1,18})";

  private final String text;
  private final Optional<String> pattern;
  private final Predicate<TensorInfo> which;
  private final Function<TensorInfo, Part> part;

  private SelectionRule(
      String text,
      Optional<String> pattern,
      Predicate<TensorInfo> which,
      Function<TensorInfo, Part> part) {
    this.text = text;
    this.pattern = pattern;
    this.which = which;
    this.part = part;
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
    return new SelectionRule(text, Optional.of(glob), info -> matcher.test(info.name()), part);
  }

  /** Makes a rule for a predicate. */
  static SelectionRule byInfo(Predicate<TensorInfo> which, Part part) {
    return new SelectionRule("a predicate: " + part, Optional.empty(), which, _ -> part);
  }

  /**
   * Makes a rule for a pattern with a number.
   *
   * @throws IllegalArgumentException if the pattern has none, or several
   */
  static SelectionRule byNumber(String pattern, LongPredicate wanted, Part part) {
    String[] halves = pattern.split("#", -1);
    if (halves.length != 2) {
      throw new IllegalArgumentException(
          "%s: want one # where the number is".formatted(Printable.quote(pattern)));
    }
    Pattern regex =
        Pattern.compile(Glob.regex(halves[0]) + NUMBER + Glob.regex(halves[1]), Pattern.DOTALL);
    return new SelectionRule(
        pattern + ": " + part,
        Optional.of(pattern),
        info -> regex.matcher(info.name()).matches(),
        info -> wanted.test(number(regex, info.name())) ? part : Part.none());
  }

  private static long number(Pattern regex, String name) {
    Matcher matcher = regex.matcher(name);
    if (!matcher.matches()) {
      throw new IllegalStateException(regex + " does not match " + name);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** Tells whether the rule is for a tensor. */
  boolean matches(TensorInfo tensor) {
    return which.test(tensor);
  }

  /** Returns what is wanted of a tensor that it is for. */
  Part part(TensorInfo tensor) {
    return part.apply(tensor);
  }

  /** Returns the pattern of names if no tensor matches it; empty for a predicate. */
  Optional<String> unmatched(Collection<TensorInfo> tensors) {
    return pattern.filter(_ -> tensors.stream().noneMatch(which));
  }

  @Override
  public String toString() {
    return text;
  }
}
