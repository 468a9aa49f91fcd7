// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.Provider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.function.Predicate;

/**
 * The plug-ins of one kind.
 *
 * @param <P> the kind's interface
 * @param kind the kind
 * @param reservedIds ids that only this project's own plug-ins may have
 * @param accepted those that may be chosen, the preferred first
 * @param refused reports of the others
 */
record ProviderSet<P extends Provider>(
    PluginReport.Kind kind,
    List<String> reservedIds,
    List<Plugin<P>> accepted,
    List<PluginReport> refused) {
  private static final Comparator<Plugin<?>> PREFERRED =
      Comparator.<Plugin<?>>comparingInt(Plugin::priority).reversed().thenComparing(Plugin::id);

  /**
   * Checks what was found.
   *
   * @param kind the kind
   * @param reservedIds ids that only this project's own plug-ins may have
   * @param found an iterator of a service loader, which may throw for single providers
   */
  static <P extends Provider> ProviderSet<P> of(
      PluginReport.Kind kind, List<String> reservedIds, Iterator<P> found) {
    Check<P> check = new Check<>(kind, reservedIds);
    check.addAll(found);
    List<Plugin<P>> accepted = check.byId.values().stream().sorted(PREFERRED).toList();
    return new ProviderSet<>(kind, reservedIds, accepted, List.copyOf(check.refused));
  }

  /** Returns the accepted plug-ins whose provider passes a test, and the refused. */
  ProviderSet<P> only(Predicate<P> test) {
    return new ProviderSet<>(
        kind,
        reservedIds,
        accepted.stream().filter(plugin -> test.test(plugin.provider())).toList(),
        refused);
  }

  /** Returns the module that has a plug-in of ours. */
  String module(String reservedId) {
    return reservedId.equals("sim")
        ? "testkit"
        : kind.name().toLowerCase(Locale.ROOT) + "-" + reservedId;
  }

  /** Collects what was found, each plug-in in spite of what is wrong with the others. */
  private static final class Check<P extends Provider> {
    private static final String OWN_PACKAGES = "io.fastsafetensors.";

    /** So that a service loader which fails without going on is left in the end. */
    private static final int MOST_FAILURES = 100;

    private final PluginReport.Kind kind;
    private final List<String> reservedIds;
    private final Map<String, Plugin<P>> byId = new HashMap<>();
    private final List<PluginReport> refused = new ArrayList<>();

    Check(PluginReport.Kind kind, List<String> reservedIds) {
      this.kind = kind;
      this.reservedIds = reservedIds;
    }

    void addAll(Iterator<P> found) {
      int failures = 0;
      while (failures < MOST_FAILURES) {
        try {
          if (!found.hasNext()) {
            return;
          }
          add(found.next());
        } catch (ServiceConfigurationError | LinkageError e) {
          refuse("?", "can't be made: " + e + because(e), "");
          failures++;
        }
      }
    }

    private static String because(Throwable e) {
      return e.getCause() == null ? "" : ", caused by " + e.getCause();
    }

    private void add(P provider) {
      String className = provider.getClass().getName();
      String source = Plugin.source(provider.getClass());
      try {
        Plugin<P> plugin = Plugin.of(provider, kind);
        Optional<String> fault = fault(plugin);
        fault.ifPresent(reason -> refuse(plugin.id(), reason, source));
        if (fault.isEmpty()) {
          byId.put(plugin.id(), plugin);
        }
      } catch (RuntimeException | LinkageError e) {
        refuse("?", className + " doesn't say what it is: " + e, source);
      }
    }

    private void refuse(String id, String reason, String source) {
      refused.add(
          PluginReport.builder(kind, id).detail("refused: " + reason).source(source).build());
    }

    private Optional<String> fault(Plugin<P> plugin) {
      String id = plugin.id();
      int version = plugin.provider().spiVersion();
      if (version != Provider.SPI_VERSION) {
        return Optional.of(
            "built for SPI version %s, this is version %s: update the older of the two"
                .formatted(version, Provider.SPI_VERSION));
      }
      if (!Provider.isId(id)) {
        return Optional.of(
            "id '" + id + "': want lower-case letters, digits and single dashes between them");
      }
      if (reservedIds.contains(id) && !isOwn(plugin.provider())) {
        return Optional.of("id '" + id + "' is reserved for this project's own plug-ins");
      }
      return Optional.ofNullable(byId.get(id))
          .map(other ->
              "id '%s' is taken by %s from %s: remove one of the two"
                  .formatted(id, other.provider().getClass().getName(), other.source()));
    }

    private static boolean isOwn(Provider provider) {
      return provider.getClass().getName().startsWith(OWN_PACKAGES);
    }
  }
}
