// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.internal.plan.NearestNames;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Provider;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The selection table. An id asked for wins, and fails hard if unavailable; else the available
 * plug-in of highest priority that is for choosing by default; ties go by id. Plug-ins are probed
 * in that order, each only when those before it won't do.
 *
 * @param <P> the kind's interface
 */
public final class Candidates<P extends Provider> {
  private static final Logger LOG = System.getLogger(Candidates.class.getName());

  private final ProviderSet<P> plugins;
  private final Function<P, Availability> probe;
  private final BackendChoice choice;
  private final String purpose;
  private final Iterator<RegisteredPlugin<P>> untried;
  private final List<PluginReport> reports = new ArrayList<>();

  Candidates(
      ProviderSet<P> plugins,
      Function<P, Availability> probe,
      BackendChoice choice,
      String purpose) {
    this.plugins = plugins;
    this.probe = probe;
    this.choice = choice;
    this.purpose = purpose;
    this.untried =
        plugins.accepted().stream()
            .filter(plugin -> choice.asked().isEmpty() || choice.asked().get().equals(plugin.id()))
            .iterator();
  }

  /**
   * Probes on until the next that will do.
   *
   * @throws BackendUnavailableException if there is none left; it says why of each
   */
  public P next() throws BackendUnavailableException {
    return tryNext().orElseThrow(this::noneLeft);
  }

  /** Probes on until the next that will do; empty if there is none left. */
  public Optional<P> tryNext() {
    while (untried.hasNext()) {
      RegisteredPlugin<P> plugin = untried.next();
      if (accepts(plugin)) {
        return Optional.of(plugin.provider());
      }
    }
    return Optional.empty();
  }

  private boolean accepts(RegisteredPlugin<P> plugin) {
    if (choice.unwanted().contains(plugin.id())) {
      reports.add(
          plugin.report(
              false,
              Reason.of("plugin.switched-off", "switched off: {id}=off").with("id", plugin.id())));
      return false;
    }
    Availability answer = plugin.probe(probe);
    PluginReport report = plugin.report(answer);
    reports.add(report);
    LOG.log(Level.DEBUG, () -> "candidate " + purpose + ": " + report);
    return answer instanceof Available available
        && (available.byDefault() || choice.asked().isPresent());
  }

  private BackendUnavailableException noneLeft() {
    if (choice.asked().isEmpty()) {
      return new BackendUnavailableException("nothing available " + purpose, reports());
    }
    String id = choice.asked().get();
    String message = "'" + id + "', asked for " + purpose + ", ";
    return reports.isEmpty()
        ? new BackendUnavailableException(message + "was not found: " + remedy(id), others())
        : new BackendUnavailableException(message + "is unavailable", reports);
  }

  /** A name that nobody knows was mistyped, or its jar is missing. */
  private String remedy(String id) {
    String jar =
        plugins.reservedIds().contains(id)
            ? "its jar, of fastsafetensors-" + plugins.module(id) + ","
            : "its jar";
    String add = "add " + jar + " to the module path or the class path";
    return NearestNames.closeTo(id, plugins.knownIds())
            .map(name -> "did you mean '" + name + "'? Or ")
            .orElse("")
        + add;
  }

  private List<PluginReport> others() {
    List<PluginReport> known = new ArrayList<>();
    plugins
        .accepted()
        .forEach(plugin ->
            known.add(plugin.report(false, Reason.of("plugin.not-asked-for", "not asked for"))));
    known.addAll(plugins.refused());
    return known;
  }

  /** Returns what was probed so far, the preferred first, and what was refused. */
  public List<PluginReport> reports() {
    List<PluginReport> all = new ArrayList<>(reports);
    all.addAll(plugins.refused());
    return all;
  }
}
