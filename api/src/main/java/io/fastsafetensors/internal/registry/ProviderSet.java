// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.spi.Provider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

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
    List<RegisteredPlugin<P>> accepted,
    List<PluginReport> refused) {
  private static final Comparator<RegisteredPlugin<?>> PREFERRED =
      Comparator.<RegisteredPlugin<?>>comparingInt(RegisteredPlugin::priority)
          .reversed()
          .thenComparing(RegisteredPlugin::id);

  /** Copies the lists. */
  ProviderSet {
    accepted = accepted.stream().sorted(PREFERRED).toList();
    refused = List.copyOf(refused);
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
    Discovery<P> discovery = new Discovery<>(kind, reservedIds);
    discovery.addAll(found);
    return new ProviderSet<>(kind, reservedIds, discovery.accepted(), discovery.refused());
  }

  /**
   * Adds instances; each replaces what was discovered under its id.
   *
   * @throws IllegalArgumentException if one is faulty, or two have one id
   */
  ProviderSet<P> with(List<P> instances) {
    Map<String, RegisteredPlugin<P>> added = new LinkedHashMap<>();
    instances.forEach(instance -> add(checked(instance), added));
    List<RegisteredPlugin<P>> all = new ArrayList<>(added.values());
    List<PluginReport> reports = new ArrayList<>(refused);
    for (RegisteredPlugin<P> known : accepted) {
      RegisteredPlugin<P> instance = added.get(known.id());
      if (instance == null) {
        all.add(known);
      } else {
        reports.add(known.report(false, Refusals.refused(Refusals.replacedBy(instance))));
      }
    }
    return new ProviderSet<>(kind, reservedIds, all, reports);
  }

  private RegisteredPlugin<P> checked(P instance) {
    String name = instance.getClass().getName();
    RegisteredPlugin<P> registration;
    Optional<Reason> fault;
    try {
      registration = RegisteredPlugin.instance(instance, kind);
      fault = registration.fault();
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalArgumentException("plug-in " + name + " doesn't say what it is: " + e, e);
    }
    fault.ifPresent(reason -> {
      throw new IllegalArgumentException("plug-in " + name + ": " + reason);
    });
    return registration;
  }

  private void add(RegisteredPlugin<P> instance, Map<String, RegisteredPlugin<P>> added) {
    String name = instance.provider().getClass().getName();
    String id = instance.id();
    boolean isGiven =
        added.containsKey(id)
            || accepted.stream().anyMatch(known -> known.id().equals(id) && known.isInstance());
    boolean isHost =
        accepted.stream()
            .anyMatch(known -> known.id().equals(id) && known.provider() instanceof HostRuntime);
    if (isGiven || isHost) {
      throw new IllegalArgumentException(
          "plug-in %s: id '%s' is taken by %s"
              .formatted(
                  name, id, isHost ? "the runtime of host memory" : "an instance given before"));
    }
    added.put(id, instance);
  }

  /** Returns the accepted plug-ins whose provider passes a test, and the refused. */
  ProviderSet<P> only(Predicate<P> test) {
    return new ProviderSet<>(
        kind,
        reservedIds,
        accepted.stream().filter(plugin -> test.test(plugin.provider())).toList(),
        refused);
  }

  @Override
  public String toString() {
    String ids =
        accepted.isEmpty()
            ? "none"
            : accepted.stream().map(RegisteredPlugin::id).collect(Collectors.joining(", "));
    String others = refused.isEmpty() ? "" : " and refused " + refused.size();
    return kind.name().toLowerCase(Locale.ROOT) + ": " + ids + others;
  }

  /** Returns the ids of those that may be chosen. */
  Set<String> ids() {
    return accepted.stream().map(RegisteredPlugin::id).collect(Collectors.toSet());
  }

  /** Returns the ids that mean something here: of what was found or given, and of ours. */
  Set<String> knownIds() {
    Set<String> known = new TreeSet<>(reservedIds);
    accepted.forEach(plugin -> known.add(plugin.id()));
    refused.stream().map(PluginReport::id).filter(Provider::isId).forEach(known::add);
    return known;
  }

  /** Returns the module that has a plug-in of ours. */
  String module(String reservedId) {
    return reservedId.equals("sim")
        ? "testkit"
        : kind.name().toLowerCase(Locale.ROOT) + "-" + reservedId;
  }
}
