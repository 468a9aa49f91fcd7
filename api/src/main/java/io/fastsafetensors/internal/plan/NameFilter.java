// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static java.util.stream.Collectors.joining;

import io.fastsafetensors.internal.text.Glob;
import io.fastsafetensors.internal.text.Printable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Globs over tensor names: {@code *} is any characters, also dots, {@code ?} is one. */
public final class NameFilter implements Predicate<String> {
  private final List<String> texts;
  private final List<Predicate<String>> globs;

  /** Makes a filter that lets pass what one of the globs matches, or all if there are none. */
  public NameFilter(List<String> globs) {
    this.texts = List.copyOf(globs);
    this.globs = globs.stream().map(Glob::matcher).toList();
  }

  @Override
  public boolean test(String name) {
    return globs.isEmpty() || globs.stream().anyMatch(glob -> glob.test(name));
  }

  /**
   * Finds the globs that match none of the names: typing mistakes, most likely.
   *
   * @param names all names there are
   * @return an error for the globs as they were given, which names the nearest names; empty if each
   *     matches
   */
  public Optional<String> fault(Collection<String> names) {
    List<String> unmatched =
        IntStream.range(0, texts.size())
            .filter(i -> names.stream().noneMatch(globs.get(i)))
            .mapToObj(texts::get)
            .toList();
    return fault(unmatched, names);
  }

  /** Returns an error for patterns that match none of the names; empty if there are none. */
  static Optional<String> fault(List<String> unmatched, Collection<String> names) {
    String hints =
        unmatched.stream()
            .map(glob -> NearestNames.globHint(glob, names))
            .distinct()
            .collect(joining());
    return unmatched.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "no tensor matches %s%s; * is any characters and ? is one"
                .formatted(unmatched.stream().map(Printable::quote).collect(joining(", ")), hints));
  }
}
