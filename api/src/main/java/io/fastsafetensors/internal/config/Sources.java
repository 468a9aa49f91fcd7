// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.spi.Provider.Option;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is set from outside of the program. A system property goes before an environment variable,
 * and that before a line of the configuration file. The file is read once; system properties are
 * looked at each time, since programs change them.
 */
public final class Sources {
  private static final String PREFIX = "io.fastsafetensors.";
  private static final String VARIABLES = "FST_";

  private static volatile @Nullable Sources last;

  private final @Nullable String fileProperty =
      System.getProperty(CommonSettings.CONFIG.systemProperty());
  private final Map<String, String> environment;
  private final Map<String, Value> file;

  private Sources(Map<String, String> environment) {
    this.environment = environment;
    this.file = Map.of();
  }

  private Sources(Map<String, String> environment, Value named) {
    this.environment = environment;
    this.file = ConfigFile.read(named.text(), named.origin());
  }

  /**
   * Returns what is set now.
   *
   * @throws IllegalArgumentException if the configuration file can't be read
   */
  public static Sources current() {
    Sources known = last;
    if (known == null
        || !Objects.equals(
            known.fileProperty, System.getProperty(CommonSettings.CONFIG.systemProperty()))) {
      known = of(System.getenv());
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
    Sources withoutFile = new Sources(environment);
    return withoutFile
        .find(CommonSettings.CONFIG)
        .filter(named -> !named.text().isEmpty())
        .map(named -> new Sources(environment, named))
        .orElse(withoutFile);
  }

  /** Returns what an option was set to; a blank variable counts as not set. */
  public Optional<Value> find(Option<?> option) {
    String property = System.getProperty(option.systemProperty());
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

  /** Returns the system properties that look like ours. */
  Map<String, String> properties() {
    Map<String, String> found = new HashMap<>();
    System.getProperties()
        .forEach((name, value) -> {
          if (name instanceof String text && text.startsWith(PREFIX)) {
            found.put(text, String.valueOf(value));
          }
        });
    return found;
  }

  /** Returns the names that these system properties and the file set, and where. */
  Map<String, Value> names(Map<String, String> properties) {
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

  /**
   * What a setting was set to.
   *
   * @param text the value
   * @param origin who set it: a system property, an environment variable, or a file and its line
   */
  public record Value(String text, String origin) {}
}
