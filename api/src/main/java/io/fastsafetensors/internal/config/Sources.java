// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.spi.Provider.Option;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is set from outside of the program; immutable. A system property goes before an environment
 * variable, and that before a line of the configuration file.
 */
public final class Sources {
  private static final String PREFIX = "io.fastsafetensors.";
  private static final String VARIABLES = "FST_";

  private static volatile @Nullable Sources last;

  private final Map<String, String> properties;
  private final Map<String, String> environment;
  private final Map<String, Value> file;

  private Sources(
      Map<String, String> properties, Map<String, String> environment, Map<String, Value> file) {
    this.properties = properties;
    this.environment = environment;
    this.file = file;
  }

  /**
   * Returns what is set now. The configuration file is read once; system properties are looked at
   * each time, since programs change them.
   *
   * @throws IllegalArgumentException if the configuration file can't be read
   */
  public static Sources current() {
    Sources known = last;
    Map<String, String> properties = ours();
    if (known == null || !known.properties.equals(properties)) {
      known = of(properties, System.getenv());
      last = known;
    }
    return known;
  }

  /**
   * Returns what is set in this environment.
   *
   * @throws IllegalArgumentException if the configuration file can't be read
   */
  public static Sources of(Map<String, String> environment) {
    return of(ours(), environment);
  }

  private static Sources of(Map<String, String> properties, Map<String, String> environment) {
    Sources withoutFile = new Sources(properties, environment, Map.of());
    return withoutFile
        .find(CommonSettings.CONFIG)
        .filter(named -> !named.text().isEmpty())
        .map(named ->
            new Sources(properties, environment, ConfigFile.read(named.text(), named.origin())))
        .orElse(withoutFile);
  }

  /** Not a copy of all names: this is done for every load. */
  private static Map<String, String> ours() {
    Map<String, String> found = new HashMap<>();
    System.getProperties()
        .forEach((name, value) -> {
          if (name instanceof String text && text.startsWith(PREFIX)) {
            found.put(text, String.valueOf(value));
          }
        });
    return found;
  }

  /** Returns what an option was set to; a blank variable counts as not set. */
  public Optional<Value> find(Option<?> option) {
    String property = properties.get(option.systemProperty());
    if (property != null) {
      return Optional.of(new Value(property, "system property " + option.systemProperty()));
    }
    String variable = environment.get(option.environmentVariable());
    return variable != null && !variable.isBlank()
        ? Optional.of(
            new Value(variable.strip(), "environment variable " + option.environmentVariable()))
        : Optional.ofNullable(file.get(option.name()));
  }

  /**
   * Returns the value of an option.
   *
   * @throws IllegalArgumentException if it was set to something malformed; it says where
   */
  public <T> T value(Option<T> option) {
    Optional<Value> set = find(option);
    return set.isPresent()
        ? option.parse(set.get().text(), set.get().origin())
        : option.defaultValue();
  }

  /** Tells whether nothing at all is set in files and system properties. */
  boolean hasNoNames() {
    return properties.isEmpty() && file.isEmpty();
  }

  /** Returns the names that system properties and the file set, and where. */
  Map<String, Value> names() {
    Map<String, Value> names = new HashMap<>(file);
    properties.forEach((property, value) ->
        names.put(
            property.substring(PREFIX.length()), new Value(value, "system property " + property)));
    return names;
  }

  /** Returns the environment variables that look like ours. */
  Set<String> variables() {
    return environment.keySet().stream()
        .filter(name -> name.startsWith(VARIABLES))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
