// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Provider.Option;
import java.security.CodeSource;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A provider with what it says of itself, asked once.
 *
 * @param <P> the kind's interface
 * @param provider the provider
 * @param kind what it plugs into
 * @param id its name
 * @param priority higher is tried first
 * @param options the settings that it has
 * @param isInstance whether the program made it; else it was discovered
 */
record RegisteredPlugin<P extends Provider>(
    P provider,
    PluginReport.Kind kind,
    String id,
    int priority,
    List<Option<?>> options,
    boolean isInstance) {
  /** Asks a provider that was discovered. */
  static <P extends Provider> RegisteredPlugin<P> discovered(P provider, PluginReport.Kind kind) {
    return of(provider, kind, false);
  }

  /** Asks a provider that the program made. */
  static <P extends Provider> RegisteredPlugin<P> instance(P provider, PluginReport.Kind kind) {
    return of(provider, kind, true);
  }

  private static <P extends Provider> RegisteredPlugin<P> of(
      P provider, PluginReport.Kind kind, boolean isInstance) {
    return new RegisteredPlugin<>(
        provider,
        kind,
        provider.id(),
        provider.priority(),
        List.copyOf(provider.options()),
        isInstance);
  }

  /** Returns what is wrong with it by itself; empty if nothing is. */
  Optional<Reason> fault() {
    int version = provider.spiVersion();
    if (version != Provider.SPI_VERSION) {
      return Optional.of(Refusals.spiVersion(version));
    }
    return Provider.isId(id) ? faultOfOptions() : Optional.of(Refusals.malformedId(id));
  }

  private Optional<Reason> faultOfOptions() {
    Set<String> names = new HashSet<>();
    return options.stream()
        .map(Option::name)
        .filter(name -> !Provider.isOptionName(id, name) || !names.add(name))
        .findFirst()
        .map(name -> Refusals.malformedOption(name, id));
  }

  /** Probes it; a probe that throws, against rule P-103, makes it unavailable. */
  Availability probe(Function<P, Availability> probe) {
    try {
      return Objects.requireNonNull(probe.apply(provider), "null");
    } catch (RuntimeException | LinkageError e) {
      return Availability.unavailable(
          Reason.of("plugin.probe-failed", "its probe failed: {error}").with("error", e.toString()),
          e);
    }
  }

  /** Reports the answer of a probe. */
  PluginReport report(Availability answer) {
    return switch (answer) {
      case Available yes ->
          report(true, yes.byDefault() ? yes.detail() : onlyIfAskedFor(yes.detail()));
      case Unavailable no -> report(false, no.reason());
    };
  }

  private static Reason onlyIfAskedFor(Reason detail) {
    return Reason.of("plugin.if-asked-for", "only if asked for: {detail}").with("detail", detail);
  }

  PluginReport report(boolean available, Reason detail) {
    return PluginReport.builder(kind, id)
        .priority(priority)
        .available(available)
        .detail(detail)
        .source(source())
        .build();
  }

  /** Returns the jar or folder that it came from. */
  String source() {
    String source = source(provider.getClass());
    return isInstance ? "an instance made by the program, of " + source : source;
  }

  static String source(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return source == null || source.getLocation() == null
        ? String.valueOf(type.getModule())
        : source.getLocation().toString();
  }
}
