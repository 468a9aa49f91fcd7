// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.internal.config.PluginOptions.Given;
import io.fastsafetensors.internal.config.PluginOptions.Use;
import io.fastsafetensors.toolkit.text.SettingValues;
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
 * @param properties what sessions get to know: as if every backend asked for were switched on
 */
public record BackendChoice(
    Optional<String> asked, Set<String> unwanted, Map<String, String> properties) {
  /** The best available. */
  public static final BackendChoice FREE = of(Optional.empty());

  /** Asks for one plug-in, or for the best available. */
  static BackendChoice of(Optional<String> asked) {
    return new BackendChoice(asked, Set.of(), Map.of());
  }

  /**
   * Reads options.
   *
   * @throws IllegalArgumentException if they contradict each other, or a property says something
   *     else than auto, on or off
   */
  public static BackendChoice of(Given given) {
    Set<String> asked = new HashSet<>();
    given.backend().ifPresent(asked::add);
    Set<String> unwanted = new HashSet<>();
    given
        .properties()
        .forEach((id, use) -> {
          if (id.indexOf('.') < 0) {
            note(id, use, asked, unwanted);
          }
        });
    if (asked.size() > 1 || asked.stream().anyMatch(unwanted::contains)) {
      throw new IllegalArgumentException(
          "backends asked for: " + asked + ", and switched off: " + unwanted + "; want one");
    }
    Map<String, String> properties = new HashMap<>(given.properties());
    asked.forEach(id -> properties.put(id, SettingValues.word(Use.ON)));
    return new BackendChoice(
        asked.stream().findFirst(), Set.copyOf(unwanted), Map.copyOf(properties));
  }

  private static void note(String id, String use, Set<String> asked, Set<String> unwanted) {
    switch (SettingValues.choice(use, Use.values())) {
      case ON -> asked.add(id);
      case OFF -> unwanted.add(id);
      case AUTO -> {}
    }
  }
}
