// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.Provider;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The providers of one kind, the preferred first, and those that were refused.
 *
 * @param <P> the kind's interface
 */
final class ProviderSet<P extends Provider> {
  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9-]*");
  private static final String OWN_PACKAGES = "io.fastsafetensors.";

  private final PluginReport.Kind kind;
  private final List<P> accepted;
  private final List<PluginReport> refused;

  private ProviderSet(PluginReport.Kind kind, List<P> accepted, List<PluginReport> refused) {
    this.kind = kind;
    this.accepted = accepted;
    this.refused = refused;
  }

  /**
   * Checks what was found.
   *
   * @param kind the kind
   * @param reservedIds ids that only this project's own plug-ins may have
   * @param found an iterator of a service loader, which may throw for single providers
   */
  static <P extends Provider> ProviderSet<P> of(
      PluginReport.Kind kind, List<String> reservedIds, Iterator<P> found) {
    Map<String, P> byId = new LinkedHashMap<>();
    List<PluginReport> refused = new ArrayList<>();
    while (true) {
      try {
        P provider = found.next();
        String reason = reasonToRefuse(provider, reservedIds, byId);
        if (reason.isEmpty()) {
          byId.put(provider.id(), provider);
        } else {
          refused.add(report(kind, provider, false, reason));
        }
      } catch (NoSuchElementException e) {
        break;
      } catch (ServiceConfigurationError | LinkageError e) {
        refused.add(new PluginReport(kind, "?", 0, false, "refused: " + e, ""));
      }
    }
    Comparator<Provider> preferred = Comparator.comparingInt(Provider::priority).reversed();
    List<P> accepted =
        byId.values().stream().sorted(preferred.thenComparing(Provider::id)).toList();
    return new ProviderSet<>(kind, accepted, List.copyOf(refused));
  }

  private static <P extends Provider> String reasonToRefuse(
      P provider, List<String> reservedIds, Map<String, P> byId) {
    String id = provider.id();
    if (provider.spiVersion() != Provider.SPI_VERSION) {
      return "refused: built for SPI version %d, this is version %d: update the older of the two"
          .formatted(provider.spiVersion(), Provider.SPI_VERSION);
    }
    if (!ID.matcher(id).matches()) {
      return "refused: id '" + id + "': want lower-case letters, digits and dashes";
    }
    if (reservedIds.contains(id) && !provider.getClass().getName().startsWith(OWN_PACKAGES)) {
      return "refused: id '" + id + "' is reserved for this project's own plug-ins";
    }
    P other = byId.get(id);
    return other == null
        ? ""
        : "refused: id '%s' is taken by %s from %s: remove one of the two"
            .formatted(id, other.getClass().getName(), source(other));
  }

  /** Returns the accepted providers, the preferred first. */
  List<P> accepted() {
    return accepted;
  }

  /** Returns the accepted providers that pass a test, and the refused. */
  ProviderSet<P> only(Predicate<P> test) {
    return new ProviderSet<>(kind, accepted.stream().filter(test).toList(), refused);
  }

  /** Returns reports of those that were refused. */
  List<PluginReport> refused() {
    return refused;
  }

  /** Reports one accepted provider. */
  PluginReport report(P provider, boolean available, String detail) {
    return report(kind, provider, available, detail);
  }

  private static PluginReport report(
      PluginReport.Kind kind, Provider provider, boolean available, String detail) {
    return new PluginReport(
        kind, provider.id(), provider.priority(), available, detail, source(provider));
  }

  private static String source(Provider provider) {
    CodeSource source = provider.getClass().getProtectionDomain().getCodeSource();
    return source == null || source.getLocation() == null
        ? String.valueOf(provider.getClass().getModule())
        : source.getLocation().toString();
  }
}
