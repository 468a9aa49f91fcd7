// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.internal.plan.NearestNames;
import io.fastsafetensors.internal.text.Printable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which backends a load may use: by its option {@code backend}, and by properties whose key is the
 * bare id of a backend.
 *
 * @param asked the one that has to serve it; empty is the best available
 * @param unwanted those that must not
 * @param named all that a property is about
 */
public record BackendChoice(Optional<String> asked, Set<String> unwanted, Set<String> named) {
  private static final String ON = "on";

  /** The best available. */
  public static final BackendChoice FREE = BackendChoice.of(Optional.empty());

  /** Returns the one asked for, or a free choice. */
  static BackendChoice of(Optional<String> asked) {
    return new BackendChoice(asked, Set.of(), Set.of());
  }

  /**
   * Checks that properties are about backends there could be.
   *
   * @throws IllegalArgumentException if one is not; it names the nearest
   */
  void checkNames(Set<String> known) {
    named.stream()
        .filter(id -> !known.contains(id) && !asked.equals(Optional.of(id)))
        .sorted()
        .findFirst()
        .ifPresent(id -> {
          throw new IllegalArgumentException(
              "property %s: no backend has that id; %s"
                  .formatted(Printable.quote(id), NearestNames.suggestion(id, known)));
        });
  }

  /**
   * Reads options.
   *
   * @throws IllegalArgumentException if a property has another value than auto, on or off, or if
   *     they contradict each other
   */
  public static BackendChoice of(LoadOptions options) {
    Set<String> asked = new HashSet<>();
    options.backend().ifPresent(asked::add);
    Set<String> unwanted = new HashSet<>();
    Set<String> named = new HashSet<>();
    options
        .properties()
        .forEach((id, use) -> {
          if (id.indexOf('.') < 0) {
            named.add(id);
            note(id, use, asked, unwanted);
          }
        });
    if (asked.size() > 1 || asked.stream().anyMatch(unwanted::contains)) {
      throw new IllegalArgumentException(
          "backends asked for: " + asked + ", and switched off: " + unwanted + "; want one");
    }
    return new BackendChoice(asked.stream().findFirst(), Set.copyOf(unwanted), Set.copyOf(named));
  }

  private static void note(String id, String use, Set<String> asked, Set<String> unwanted) {
    switch (use) {
      case ON -> asked.add(id);
      case "off" -> unwanted.add(id);
      case "auto" -> {}
      default ->
          throw new IllegalArgumentException(
              "property " + id + "=" + use + ": want auto, on or off");
    }
  }

  /** Returns what sessions get to know: as if every backend asked for were switched on. */
  public Map<String, String> properties(LoadOptions options) {
    Map<String, String> properties = new HashMap<>(options.properties());
    asked.ifPresent(id -> properties.put(id, ON));
    return Map.copyOf(properties);
  }
}
