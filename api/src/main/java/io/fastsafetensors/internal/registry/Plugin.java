// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Provider;
import java.security.CodeSource;
import java.util.Objects;
import java.util.function.Function;

/**
 * A provider that was found, with what it says of itself, asked once.
 *
 * @param <P> the kind's interface
 * @param provider the provider
 * @param kind what it plugs into
 * @param id its name
 * @param priority its rank: higher is tried first
 */
record Plugin<P extends Provider>(P provider, PluginReport.Kind kind, String id, int priority) {
  static <P extends Provider> Plugin<P> of(P provider, PluginReport.Kind kind) {
    return new Plugin<>(provider, kind, provider.id(), provider.priority());
  }

  /** Probes it; a probe that throws, against rule P-103, makes it unavailable. */
  Availability probe(Function<P, Availability> probe) {
    try {
      return Objects.requireNonNull(probe.apply(provider), "null");
    } catch (RuntimeException | LinkageError e) {
      return Availability.unavailable("its probe failed: " + e, e);
    }
  }

  /** Reports the answer of a probe. */
  PluginReport report(Availability answer) {
    return switch (answer) {
      case Available yes ->
          report(true, yes.byDefault() ? yes.detail() : "only if asked for: " + yes.detail());
      case Unavailable no -> report(false, no.reason());
    };
  }

  PluginReport report(boolean available, String detail) {
    return PluginReport.builder(kind, id)
        .priority(priority)
        .available(available)
        .detail(detail)
        .source(source())
        .build();
  }

  /** Returns the jar or folder that it came from. */
  String source() {
    return source(provider.getClass());
  }

  static String source(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return source == null || source.getLocation() == null
        ? String.valueOf(type.getModule())
        : source.getLocation().toString();
  }
}
