// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.text;

import static java.util.stream.Collectors.joining;

import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Patterns of names: {@code *} is any characters, also dots, {@code ?} is one. */
public final class Glob {
  private Glob() {}

  /** Returns what tells whether a name matches a glob. */
  public static Predicate<String> matcher(String glob) {
    return Pattern.compile(regex(glob), Pattern.DOTALL).asMatchPredicate();
  }

  /** Returns a glob as a regular expression, in which a dot has to match any character. */
  public static String regex(String glob) {
    return glob.codePoints()
        .mapToObj(c ->
            switch (c) {
              case '*' -> ".*";
              case '?' -> ".";
              default -> Pattern.quote(Character.toString(c));
            })
        .collect(joining());
  }
}
