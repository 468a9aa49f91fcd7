// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.Configuration.Setting;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.internal.plan.NearestNames;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Provider.Option;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All settings that there are with some plug-ins, and what of them is set. */
public final class PluginOptions {
  private static final Logger LOG = System.getLogger(PluginOptions.class.getName());
  private static final String LIBRARY = "api";

  /** What was warned of: once a process is enough. */
  private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

  private final Map<String, Option<?>> known = new LinkedHashMap<>();
  private final Map<String, String> readers = new HashMap<>();
  private final Set<String> absent;
  private volatile @Nullable Checked checked;

  /** What was found right. */
  private record Checked(Sources sources, Map<String, String> properties) {}

  /** Whether a backend is used: the values of a setting that is its id. */
  public enum Use {
    /** As the selection table has it. */
    AUTO,
    /** It has to read. */
    ON,
    /** It must not read. */
    OFF
  }

  /**
   * Puts a load's options together.
   *
   * @param backend the id of the backend asked for; empty is the best available
   * @param properties options of single backends
   */
  public record Given(Optional<String> backend, Map<String, String> properties) {}

  /**
   * Knows plug-ins.
   *
   * @param declared the options of plug-ins, by who declares them
   * @param backends the ids of backends
   * @param absent ids of this project's own plug-ins that are not there
   */
  public PluginOptions(
      Map<String, List<Option<?>>> declared, Set<String> backends, Set<String> absent) {
    this.absent = absent;
    Stream.of(CommonSettings.ALL, LoadSettings.ALL, GroupSettings.ALL)
        .forEach(own -> add(LIBRARY, own));
    backends.stream().sorted().forEach(id -> add("backend " + id, List.of(use(id))));
    declared.forEach(this::add);
  }

  private void add(String reader, List<Option<?>> options) {
    for (Option<?> option : options) {
      known.putIfAbsent(option.name(), option);
      readers.putIfAbsent(option.name(), reader);
    }
  }

  private static Option<Use> use(String backend) {
    return Option.choice(backend, Use.class)
        .describedAs("Whether backend %s reads: on as if asked for, off never.".formatted(backend));
  }

  /**
   * Puts together what a program and the outside have set for a load.
   *
   * @throws IllegalArgumentException if a property is unknown or malformed
   */
  public Given complete(LoadOptions options) {
    Sources sources = Sources.current();
    options.properties().forEach(this::checkProperty);
    Map<String, String> properties = new HashMap<>(options.properties());
    boolean isChosen =
        options.backend().isPresent()
            || options.properties().keySet().stream().anyMatch(PluginOptions::isId);
    for (Option<?> option : known.values()) {
      if (isOfPlugin(option) && !(isChosen && isId(option.name()))) {
        sources
            .find(option)
            .filter(set -> !properties.containsKey(option.name()))
            .ifPresent(set -> {
              option.parse(set.text(), set.origin());
              properties.put(option.name(), set.text());
            });
      }
    }
    Optional<String> backend = isChosen ? options.backend() : LoadSettings.backend(sources);
    return new Given(backend.filter(id -> !id.equals(LoadSettings.AUTO)), properties);
  }

  private static boolean isId(String name) {
    return name.indexOf('.') < 0;
  }

  private void checkProperty(String name, String value) {
    Option<?> option = known.get(name);
    if (option != null && option.isOfProcess()) {
      throw new IllegalArgumentException(
          ("%s is no property of a load but of the process: set the system property %s or the"
                  + " environment variable %s")
              .formatted(name, option.systemProperty(), option.environmentVariable()));
    }
    if (option != null && isOfPlugin(option)) {
      option.parse(value, "a property of the load");
    } else {
      Set<String> names =
          known.values().stream()
              .filter(this::isOfPlugin)
              .map(Option::name)
              .collect(Collectors.toSet());
      unknown(name, "a property of the load", names)
          .ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
          });
    }
  }

  /** Tells whether it is a plug-in's option of a single load. */
  private boolean isOfPlugin(Option<?> option) {
    return !option.isOfProcess() && !reader(option.name()).equals(LIBRARY);
  }

  private String reader(String name) {
    return readers.getOrDefault(name, LIBRARY);
  }

  /**
   * Checks what is set from outside.
   *
   * @throws IllegalArgumentException if a system property or a name in the configuration file is
   *     unknown, or a value is malformed
   */
  public void check() {
    Sources sources = Sources.current();
    Checked now = new Checked(sources, sources.properties());
    if (now.equals(checked)) {
      return;
    }
    List<String> problems = problems(now);
    if (!problems.isEmpty()) {
      String more = problems.size() == 1 ? "" : " (and %s more)".formatted(problems.size() - 1);
      throw new IllegalArgumentException(problems.getFirst() + more);
    }
    strangeVariables(sources).forEach(PluginOptions::warn);
    checked = now;
  }

  private static void warn(String problem) {
    if (WARNED.add(problem)) {
      LOG.log(Level.WARNING, problem);
    }
  }

  private List<String> problems(Checked now) {
    Sources sources = now.sources();
    List<String> problems = new ArrayList<>();
    sources
        .names(now.properties())
        .forEach((name, value) -> {
          if (isOfAnotherLoader(name)) {
            warn(
                "%s, %s, has no effect here: this loader has no plug-in %s"
                    .formatted(Printable.quote(name), value.origin(), id(name)));
          } else if (!known.containsKey(name)) {
            unknown(name, value.origin(), known.keySet()).ifPresent(problems::add);
          }
        });
    known.values().forEach(option -> malformed(sources, option).ifPresent(problems::add));
    if (problems.isEmpty()) {
      refused().ifPresent(problems::add);
    }
    return problems;
  }

  /**
   * Tells whether a setting names a plug-in that this loader doesn't have, and no slip of a key
   * makes it one that it has: loaders with other plug-ins live in the same process.
   */
  private boolean isOfAnotherLoader(String name) {
    Set<String> ids = known.keySet().stream().map(PluginOptions::id).collect(Collectors.toSet());
    ids.addAll(absent);
    String id = id(name);
    return !isId(name)
        && Provider.isId(id)
        && !ids.contains(id)
        && NearestNames.closeTo(id, ids).isEmpty();
  }

  private static String id(String name) {
    int point = name.indexOf('.');
    return point < 0 ? name : name.substring(0, point);
  }

  /** Says which setting is well-formed, and still not what a load may have. */
  private static Optional<String> refused() {
    try {
      LoadOptions.builder();
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<String> malformed(Sources sources, Option<?> option) {
    try {
      Optional<Value> set = sources.find(option);
      if (set.isPresent()) {
        option.parse(set.get().text(), set.get().origin());
      }
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** What belongs to a plug-in of ours that is not there can't be checked: a warning will do. */
  private Optional<String> unknown(String name, String origin, Set<String> names) {
    String id = id(name);
    String where = Printable.quote(name) + ", " + origin + ", ";
    if (absent.contains(id)) {
      warn(where + "has no effect: there is no plug-in " + id);
      return Optional.empty();
    }
    Set<String> all = new HashSet<>(names);
    all.addAll(absent);
    return Optional.of(where + "is unknown; " + NearestNames.nearest(name, all));
  }

  private List<String> strangeVariables(Sources sources) {
    Set<String> variables =
        known.values().stream()
            .map(Option::environmentVariable)
            .collect(Collectors.toCollection(HashSet::new));
    return sources.variables().stream()
        .filter(name -> !variables.contains(name) && !OtherVariable.isKnown(name))
        .map(name ->
            "environment variable %s is unknown; %s"
                .formatted(Printable.quote(name), NearestNames.nearest(name, variables)))
        .toList();
  }

  /** Returns all settings, what is in force, and what is wrong. */
  public Configuration configuration() {
    Sources sources = Sources.current();
    return new CurrentConfiguration(
        known.values().stream()
            .<Setting>map(
                option -> new CurrentSetting(option, reader(option.name()), sources.find(option)))
            .toList(),
        problems(new Checked(sources, sources.properties())),
        strangeVariables(sources));
  }
}
