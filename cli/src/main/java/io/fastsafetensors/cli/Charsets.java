// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.util.Arrays;
import java.util.Optional;

/**
 * What a JVM in a locale without a character set such as UTF-8 makes of arguments beyond ASCII: it
 * puts this character in the place of what it can't read, and can't open a file of that name.
 */
final class Charsets {
  private static final String REPLACEMENT = "\uFFFD";

  private Charsets() {}

  /** Says why the arguments can't be taken as they are; empty if they can. */
  static Optional<String> problem(String[] args) {
    String charset = System.getProperty("sun.jnu.encoding", "UTF-8");
    return charset.equals("UTF-8")
        ? Optional.empty()
        : Arrays.stream(args)
            .filter(argument -> argument.contains(REPLACEMENT))
            .findFirst()
            .map(argument ->
                "argument '%s' has characters that are not in %s, the character set of this locale: set LC_ALL=C.UTF-8"
                    .formatted(argument, charset));
  }
}
