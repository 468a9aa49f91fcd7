// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.spi.Provider;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.Set;

/**
 * Collects the plug-ins of one kind that a service loader finds, each in spite of what is wrong
 * with the others.
 *
 * @param <P> the kind's interface
 */
final class Discovery<P extends Provider> {
  private static final String OWN_PACKAGES = "io.fastsafetensors.";

  /** So that a service loader which fails without going on is left in the end. */
  private static final int MOST_FAILURES = 100;

  private final PluginReport.Kind kind;
  private final List<String> reservedIds;
  private final Map<String, RegisteredPlugin<P>> byId = new HashMap<>();
  private final Set<PluginReport> refused = new LinkedHashSet<>();

  Discovery(PluginReport.Kind kind, List<String> reservedIds) {
    this.kind = kind;
    this.reservedIds = reservedIds;
  }

  /** Takes all that the iterator of a service loader gives. */
  void addAll(Iterator<P> found) {
    int failures = 0;
    while (failures < MOST_FAILURES) {
      try {
        if (!found.hasNext()) {
          return;
        }
        add(found.next());
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        refuse("?", Refusals.notMade(e + because(e) + remedy(e)), "");
        failures++;
      }
    }
  }

  /** Returns what may be chosen. */
  List<RegisteredPlugin<P>> accepted() {
    return List.copyOf(byId.values());
  }

  /** Returns the rest. */
  List<PluginReport> refused() {
    return List.copyOf(refused);
  }

  private static String because(Throwable e) {
    return e.getCause() == null ? "" : ", caused by " + e.getCause();
  }

  /** A plug-in that sees another copy of the library implements another interface. */
  private static String remedy(Throwable e) {
    return String.valueOf(e.getMessage()).endsWith("not a subtype")
        ? ": it uses another copy of this library; its class loader or layer has to be a child of"
            + " the one that has this copy, and have none itself"
        : "";
  }

  private void add(P provider) {
    String source = RegisteredPlugin.source(provider.getClass());
    try {
      RegisteredPlugin<P> plugin = RegisteredPlugin.discovered(provider, kind);
      Optional<Reason> fault = plugin.fault().or(() -> conflict(plugin));
      fault.ifPresent(reason -> refuse(plugin.id(), reason, source));
      if (fault.isEmpty()) {
        byId.put(plugin.id(), plugin);
      }
    } catch (RuntimeException | LinkageError e) {
      refuse("?", Refusals.saysNothing(provider.getClass(), e), source);
    }
  }

  private void refuse(String id, Reason reason, String source) {
    refused.add(
        PluginReport.builder(kind, id).detail(Refusals.refused(reason)).source(source).build());
  }

  private Optional<Reason> conflict(RegisteredPlugin<P> plugin) {
    String id = plugin.id();
    if (reservedIds.contains(id) && !isOwn(plugin.provider())) {
      return Optional.of(Refusals.reservedId(id));
    }
    return Optional.ofNullable(byId.get(id)).map(Refusals::duplicateId);
  }

  private static boolean isOwn(Provider provider) {
    return provider.getClass().getName().startsWith(OWN_PACKAGES);
  }
}
