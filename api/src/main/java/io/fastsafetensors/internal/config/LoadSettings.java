// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.config.Sources.Value;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.text.SettingValues;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a load does that the program leaves open: see {@link LoadOptions}. */
public final class LoadSettings {
  /** The backend that means: the best available. */
  static final String AUTO = "auto";

  private static final String AS_IS = "asis";

  static final Option<Optional<DType>> DTYPE =
      Option.of("load.dtype", "a floating-point type such as BF16, or asis", LoadSettings::dtype)
          .defaultValue(Optional.empty(), AS_IS)
          .describedAs("The type that floating-point tensors are converted to while loading.");

  static final Option<List<Rule>> DTYPE_RULES =
      Option.of("load.dtype-rules", "GLOB=TYPE or GLOB=asis, with commas between", t -> rules(t))
          .defaultValue(List.of(), "none")
          .describedAs("What becomes of tensors by name; the first that matches counts.");

  static final Option<String> BACKEND =
      Option.text("load.backend")
          .defaultValue(AUTO, AUTO)
          .describedAs(
              "The id of the backend that has to read; auto is the best available. Together with"
                  + " the settings that are the id of a backend alone it is one choice: a program"
                  + " that makes any part of it makes all.");

  static final Option<AccessPath> PATH =
      Option.choice("load.path", AccessPath.class).describedAs("How host memory gets the bytes.");

  static final Option<Boolean> WRITABLE =
      Option.flag("load.writable")
          .describedAs(
              "Whether all tensors may be written; what is mapped is then mapped privately, and no"
                  + " write reaches a file.");

  static final Option<DirectMode> DIRECT =
      Option.choice("load.direct", DirectMode.class)
          .describedAs("Whether reads bypass the page cache.");

  static final Option<Long> THREADS =
      Option.integer("load.threads", 0, 1024)
          .describedAs("How many threads read; 0 is the backend's choice.");

  static final Option<Long> BLOCK_BYTES =
      Option.bytes("load.block-bytes", 0, 1 << 30)
          .describedAs("The size of a read, at least 4096; 0 is the backend's choice.");

  static final Option<Long> ALIGNMENT =
      Option.bytes("load.alignment", 0, 4096)
          .describedAs(
              "What tensors' addresses are multiples of, a power of two; 0 is the backend's choice.");

  static final Option<Long> MEMORY_BUDGET =
      Option.bytes("load.memory-budget", 1, Long.MAX_VALUE)
          .defaultValue(Long.MAX_VALUE, "no bound")
          .describedAs("The most device memory that a load may take.");

  static final Option<List<String>> FILTERS =
      Option.of("load.filters", "globs with commas between", SettingValues::list)
          .defaultValue(List.of(), "all tensors")
          .describedAs("Load only tensors of which the name matches one.");

  static final Option<Distribution> DISTRIBUTION =
      Option.choice("load.distribution", Distribution.class)
          .describedAs("Which rank reads which bytes, of a load of parts.");

  static final Option<Boolean> CACHE =
      Option.flag("load.cache")
          .describedAs(
              "Whether a group keeps its files, and what it gave out of them, for a second call.");

  static final Option<Duration> TIMEOUT =
      Option.duration("load.timeout", Duration.ofHours(1))
          .describedAs("How long a load may take, and the calls of a loader that find files.");

  static final List<Option<?>> ALL =
      List.of(
          DTYPE,
          DTYPE_RULES,
          BACKEND,
          PATH,
          WRITABLE,
          DIRECT,
          THREADS,
          BLOCK_BYTES,
          ALIGNMENT,
          MEMORY_BUDGET,
          FILTERS,
          DISTRIBUTION,
          CACHE,
          TIMEOUT);

  private LoadSettings() {}

  /** Returns what a program calls instead; empty if the option is none of a load's. */
  static Optional<String> method(Option<?> option) {
    if (!ALL.contains(option)) {
      return Optional.empty();
    }
    String name =
        option == FILTERS ? "filter" : option == DTYPE_RULES ? "dtype" : camelCase(option.name());
    return Optional.of("LoadOptions.Builder." + name);
  }

  private static String camelCase(String option) {
    return Pattern.compile("-(.)")
        .matcher(option.substring("load.".length()))
        .replaceAll(dash -> dash.group(1).toUpperCase(Locale.ROOT));
  }

  /** What becomes of the tensors that a glob matches; without a type they stay as they are. */
  record Rule(String glob, Optional<DType> dtype) {}

  /**
   * Sets what is set from outside, but for the backend, which {@link PluginOptions} knows of.
   *
   * @throws IllegalArgumentException if something is malformed; it says where it was set
   */
  public static LoadOptions.Builder apply(LoadOptions.Builder builder, Sources sources) {
    set(DTYPE, sources, dtype -> dtype.ifPresent(builder::dtype));
    set(
        DTYPE_RULES,
        sources,
        rules ->
            rules.forEach(rule ->
                rule.dtype()
                    .ifPresentOrElse(
                        dtype -> builder.dtype(rule.glob(), dtype),
                        () -> builder.keepDtype(rule.glob()))));
    set(PATH, sources, builder::path);
    set(WRITABLE, sources, builder::writable);
    set(DIRECT, sources, builder::direct);
    set(THREADS, sources, threads -> builder.threads(Math.toIntExact(threads)));
    set(BLOCK_BYTES, sources, builder::blockBytes);
    set(ALIGNMENT, sources, builder::alignment);
    set(MEMORY_BUDGET, sources, builder::memoryBudget);
    set(FILTERS, sources, globs -> filter(builder, globs));
    set(DISTRIBUTION, sources, builder::distribution);
    set(CACHE, sources, builder::cache);
    set(TIMEOUT, sources, builder::timeout);
    checkTogether(builder, sources);
    return builder;
  }

  /** An empty list, too, is all tensors. */
  private static void filter(LoadOptions.Builder builder, List<String> globs) {
    if (!globs.isEmpty()) {
      builder.filter(globs.toArray(String[]::new));
    }
  }

  /** Each value is right by itself. */
  private static void checkTogether(LoadOptions.Builder builder, Sources sources) {
    try {
      var _ = builder.build();
    } catch (IllegalArgumentException e) {
      String origins =
          Stream.of(PATH, DIRECT)
              .map(option ->
                  option.name()
                      + ", set by "
                      + sources.find(option).map(Value::origin).orElse("nobody"))
              .collect(Collectors.joining(", and "));
      throw new IllegalArgumentException(origins + ": " + e.getMessage(), e);
    }
  }

  /** The builder knows best what is allowed, and not who set it. */
  private static <T> void set(Option<T> option, Sources sources, Consumer<T> setter) {
    Optional<Value> set = sources.find(option);
    if (set.isPresent()) {
      T value = option.parse(set.get().text(), set.get().origin());
      try {
        setter.accept(value);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            option.name() + ", set by " + set.get().origin() + ": " + e.getMessage(), e);
      }
    }
  }

  /** Returns the backend that is asked for from outside; empty is the best available. */
  static Optional<String> backend(Sources sources) {
    return Optional.of(sources.value(BACKEND).strip())
        .filter(id -> !id.isEmpty() && !id.equals(AUTO));
  }

  private static Optional<DType> dtype(String text) {
    String tag = text.strip();
    if (tag.equalsIgnoreCase(AS_IS)) {
      return Optional.empty();
    }
    return Optional.of(
        DType.ofTag(tag.toUpperCase(Locale.ROOT))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "'%s' is no type: want one of %s, or %s"
                        .formatted(
                            text,
                            Stream.of(DType.values())
                                .map(DType::name)
                                .collect(Collectors.joining(", ")),
                            AS_IS))));
  }

  /** Names of tensors may have a {@code =}. */
  private static List<Rule> rules(String text) {
    return SettingValues.list(text).stream()
        .map(rule -> {
          int equals = rule.lastIndexOf('=');
          if (equals < 1) {
            throw new IllegalArgumentException("'" + rule + "' is no rule: want GLOB=TYPE");
          }
          String glob = rule.substring(0, equals).strip();
          return new Rule(glob, dtype(rule.substring(equals + 1)));
        })
        .toList();
  }
}
