// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.PluginReport.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to certify, and where to write what became of it.
 *
 * @param kind what kind of plug-in; empty is all that is found
 * @param name its id, or the type of a device; empty if all
 * @param reports the files to write: {@code .md} or {@code .xml}
 */
record Choice(Optional<Kind> kind, String name, List<Path> reports) {
  /** How to ask. */
  static final String USAGE =
      "[--backend ID | --collective ID | --device TYPE] [--report FILE.md|FILE.xml]...";

  private static final Map<String, Kind> KINDS =
      Map.of("--backend", Kind.BACKEND, "--collective", Kind.COLLECTIVE, "--device", Kind.DEVICE);

  /**
   * Reads arguments.
   *
   * @throws IllegalArgumentException if they make no sense
   */
  static Choice parse(String... arguments) {
    Optional<Kind> kind = Optional.empty();
    String name = "";
    List<Path> reports = new ArrayList<>();
    Iterator<String> words = List.of(arguments).iterator();
    while (words.hasNext()) {
      String option = words.next();
      String value = words.hasNext() ? words.next() : "";
      if (KINDS.containsKey(option) && kind.isEmpty() && !value.isEmpty()) {
        kind = Optional.of(KINDS.get(option));
        name = value;
      } else if (option.equals("--report") && value.matches(".+\\.(md|xml)")) {
        reports.add(Path.of(value));
      } else {
        throw new IllegalArgumentException("'" + option + " " + value + "': want " + USAGE);
      }
    }
    return new Choice(kind, name, List.copyOf(reports));
  }
}
