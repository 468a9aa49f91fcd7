// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.launch;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Environment variables; a blank one counts as not set.
 *
 * @param variables values by name
 */
record Environment(Map<String, String> variables) {
  /** Tells whether a variable is set. */
  public boolean has(String name) {
    return text(name).isPresent();
  }

  /** Returns a variable without the blanks around it. */
  public Optional<String> text(String name) {
    return Optional.ofNullable(variables.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }

  /**
   * Returns a variable that is a number from 0.
   *
   * @throws IllegalArgumentException if it is something else; it names the variable
   */
  public OptionalInt number(String name) {
    Optional<String> text = text(name);
    if (text.isPresent() && !text.get().matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException(
          "environment variable " + name + " is '" + text.get() + "': want a number from 0");
    }
    return text.isPresent() ? OptionalInt.of(Integer.parseInt(text.get())) : OptionalInt.empty();
  }
}
