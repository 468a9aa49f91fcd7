// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Globs over tensor names: {@code *} is any characters, also dots, {@code ?} is one. */
public final class NameFilter implements Predicate<String> {
  private final List<Predicate<String>> globs;

  /** Makes a filter that lets pass what one of the globs matches, or all if there are none. */
  public NameFilter(List<String> globs) {
    this.globs = globs.stream().map(NameFilter::compile).toList();
  }

  private static Predicate<String> compile(String glob) {
    String regex =
        glob.codePoints()
            .mapToObj(c ->
                switch (c) {
                  case '*' -> ".*";
                  case '?' -> ".";
                  default -> Pattern.quote(Character.toString(c));
                })
            .collect(Collectors.joining());
    return Pattern.compile(regex, Pattern.DOTALL).asMatchPredicate();
  }

  @Override
  public boolean test(String name) {
    return globs.isEmpty() || globs.stream().anyMatch(glob -> glob.test(name));
  }
}
