// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Provider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The selection table. An id asked for wins, and fails hard if unavailable; else the available
 * provider of highest priority that is for choosing by default; ties go by id. Providers are probed
 * in that order, each only when those before it won't do.
 *
 * @param <P> the kind's interface
 */
final class Candidates<P extends Provider> {
  private final ProviderSet<P> providers;
  private final Function<P, Availability> probe;
  private final Optional<String> asked;
  private final String purpose;
  private final Iterator<P> untried;
  private final List<PluginReport> reports = new ArrayList<>();

  Candidates(
      ProviderSet<P> providers,
      Function<P, Availability> probe,
      Optional<String> asked,
      String purpose) {
    this.providers = providers;
    this.probe = probe;
    this.asked = asked;
    this.purpose = purpose;
    this.untried =
        providers.accepted().stream()
            .filter(p -> asked.isEmpty() || asked.get().equals(p.id()))
            .iterator();
  }

  /**
   * Probes on until the next that will do.
   *
   * @throws BackendUnavailableException if there is none left; it says why of each
   */
  P next() throws BackendUnavailableException {
    while (untried.hasNext()) {
      P provider = untried.next();
      if (accepts(provider)) {
        return provider;
      }
    }
    throw new BackendUnavailableException(
        asked
            .map(id -> "'" + id + "' was asked for " + purpose + " and is unavailable")
            .orElse("nothing available " + purpose),
        explained());
  }

  private boolean accepts(P provider) {
    return switch (probe.apply(provider)) {
      case Available available -> {
        boolean chosen = available.byDefault() || asked.isPresent();
        String detail = chosen ? available.detail() : "only if asked for: " + available.detail();
        reports.add(providers.report(provider, true, detail));
        yield chosen;
      }
      case Unavailable unavailable -> {
        reports.add(providers.report(provider, false, unavailable.reason()));
        yield false;
      }
    };
  }

  /** Returns what was probed so far, the preferred first, and what was refused. */
  List<PluginReport> reports() {
    List<PluginReport> all = new ArrayList<>(reports);
    all.addAll(providers.refused());
    return all;
  }

  /** Returns the reports, and where an unknown id was asked for, the ids that there are. */
  private List<PluginReport> explained() {
    if (!reports.isEmpty() || asked.isEmpty()) {
      return reports();
    }
    List<PluginReport> known = new ArrayList<>();
    providers.accepted().forEach(p -> known.add(providers.report(p, false, "not asked for")));
    known.addAll(providers.refused());
    return known;
  }
}
