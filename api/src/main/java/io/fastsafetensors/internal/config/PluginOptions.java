// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.Configuration.Setting;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.internal.config.CurrentConfiguration.CurrentSetting;
import io.fastsafetensors.internal.config.Sources.Value;
import io.fastsafetensors.internal.plan.NearestNames;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.text.SettingValues;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private static final String PROPERTY = "a property of the load";

  /** What was warned of: once a process is enough. */
  private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

  private final Map<String, Option<?>> known = new LinkedHashMap<>();
  private final Map<String, String> readers = new HashMap<>();
  private final PluginIds ids;
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
   * @param ids which plug-ins there are
   */
  public PluginOptions(Map<String, List<Option<?>>> declared, PluginIds ids) {
    this.ids = ids;
    Stream.of(CommonSettings.ALL, LoadSettings.ALL, GroupSettings.ALL)
        .forEach(own -> add(LIBRARY, own));
    ids.usableBackends().forEach(id -> add("backend " + id, List.of(use(id))));
    declared.forEach(this::add);
    ids.missingBackends().forEach(id -> add("backend " + id, List.of(use(id))));
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
    options.properties().forEach((name, value) -> warnIfMissing(name, value, PROPERTY));
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
    if (option != null && isOfPlugin(option)) {
      option.parse(value, PROPERTY);
    } else if (option != null) {
      throw new IllegalArgumentException(notOfLoads(option));
    } else {
      unknown(name, PROPERTY)
          .ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
          });
    }
  }

  /** Says how something is set that is no option of a backend. */
  private static String notOfLoads(Option<?> option) {
    String method =
        LoadSettings.method(option)
            .or(() -> GroupSettings.method(option))
            .map(call -> "call " + call + ", or ")
            .orElse("");
    return "%s is no property of a load%s: %sset the system property %s or the environment variable %s"
        .formatted(
            option.name(),
            option.isOfProcess() ? " but of the process" : "",
            method,
            option.systemProperty(),
            option.environmentVariable());
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
    warnOfMissing(sources);
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
            unknown(name, value.origin()).ifPresent(problems::add);
          }
          if (!isId(name)) {
            warnIfMissing(name, value.text(), value.origin());
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
    Set<String> near = known.keySet().stream().map(PluginOptions::id).collect(Collectors.toSet());
    near.addAll(ids.missing());
    String id = id(name);
    return !isId(name)
        && Provider.isId(id)
        && !near.contains(id)
        && NearestNames.closeTo(id, near).isEmpty();
  }

  private static String id(String name) {
    int point = name.indexOf('.');
    return point < 0 ? name : name.substring(0, point);
  }

  /** Says which setting is well-formed, and still not what a load may have. */
  private static Optional<String> refused() {
    try {
      var _ = LoadOptions.defaults();
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

  /** Says what is wrong with a name; what belongs to a plug-in that is missing can't be checked. */
  private Optional<String> unknown(String name, String origin) {
    String where = Printable.quote(name) + ", " + origin + ", ";
    Optional<String> kind = isId(name) ? ids.otherKind(name) : Optional.empty();
    if (kind.isPresent()) {
      return Optional.of(
          where
              + "is no setting: %s is %s, no backend, and only backends are switched; there are: %s"
                  .formatted(
                      name, kind.get(), ids.usableBackends().collect(Collectors.joining(", "))));
    }
    if (ids.isMissing(id(name))) {
      return Optional.empty();
    }
    return Optional.of(where + "is unknown; " + NearestNames.nearest(name, known.keySet()));
  }

  /** A backend that is to be used and is missing fails the load instead. */
  private void warnIfMissing(String name, String value, String origin) {
    boolean isOn = isId(name) && SettingValues.word(Use.ON).equalsIgnoreCase(value.strip());
    if (ids.isMissing(id(name)) && !isOn) {
      warn(noEffect(Printable.quote(name) + ", " + origin, id(name)));
    }
  }

  private static String noEffect(String what, String id) {
    return what + ", has no effect: plug-in " + id + " isn't installed, or was refused";
  }

  private List<String> strangeVariables(Sources sources) {
    Set<String> variables = variables();
    return sources.variables().stream()
        .filter(name -> !variables.contains(name) && !OtherVariable.isKnown(name))
        .filter(name -> ids.missingOwner(name).isEmpty())
        .map(name ->
            "environment variable %s is unknown; %s"
                .formatted(Printable.quote(name), NearestNames.nearest(name, variables)))
        .toList();
  }

  private Set<String> variables() {
    return known.values().stream()
        .map(Option::environmentVariable)
        .collect(Collectors.toCollection(HashSet::new));
  }

  /** The variables that begin with the id of a missing plug-in, whose options nobody knows. */
  private void warnOfMissing(Sources sources) {
    Set<String> variables = variables();
    for (String name : sources.variables()) {
      if (!variables.contains(name)) {
        ids.missingOwner(name).ifPresent(id -> warn(noEffect("environment variable " + name, id)));
      }
    }
    ids.missingBackends()
        .forEach(id ->
            sources
                .find(Objects.requireNonNull(known.get(id)))
                .ifPresent(set -> warnIfMissing(id, set.text(), set.origin())));
  }

  /** Returns all settings, what is in force, and what is wrong. */
  public Configuration configuration() {
    Sources sources = Sources.current();
    return new CurrentConfiguration(
        known.values().stream()
            .filter(option -> !ids.isMissing(option.name()))
            .<Setting>map(
                option -> new CurrentSetting(option, reader(option.name()), sources.find(option)))
            .toList(),
        problems(new Checked(sources, sources.properties())),
        strangeVariables(sources));
  }
}
