// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.PluginReport.Kind;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which plug-ins there are, and which are only known: those of ours whose jar is missing, and those
 * that were refused.
 *
 * @param usable the ids of those that can be used
 * @param known the ids that mean something, usable or not
 */
public record PluginIds(Map<Kind, Set<String>> usable, Map<Kind, Set<String>> known) {
  /** Variables of plug-ins of ours whose names don't begin with the id. */
  private static final Map<String, String> OTHER_VARIABLES = Map.of("FST_CUFILE_LIBRARY", "gds");

  Stream<String> usableBackends() {
    return usable.getOrDefault(Kind.BACKEND, Set.of()).stream().sorted();
  }

  Stream<String> missingBackends() {
    return known.getOrDefault(Kind.BACKEND, Set.of()).stream().filter(this::isMissing).sorted();
  }

  boolean isMissing(String id) {
    return has(known, id) && !has(usable, id);
  }

  /** Returns the ids of all that are missing. */
  Set<String> missing() {
    return known.values().stream()
        .flatMap(Set::stream)
        .filter(this::isMissing)
        .collect(Collectors.toSet());
  }

  /** Tells what an id is that isn't a backend's; empty if it is one's, or nobody's. */
  Optional<String> otherKind(String id) {
    return known.getOrDefault(Kind.BACKEND, Set.of()).contains(id)
        ? Optional.empty()
        : Stream.of(Kind.DEVICE, Kind.COLLECTIVE)
            .filter(kind -> known.getOrDefault(kind, Set.of()).contains(id))
            .findFirst()
            .map(kind -> kind == Kind.DEVICE ? "a device plug-in" : "a collective");
  }

  /** Finds the missing plug-in that an environment variable is of. */
  Optional<String> missingOwner(String variable) {
    return missing().stream().filter(id -> isOf(variable, id)).findFirst();
  }

  private static boolean isOf(String variable, String id) {
    String prefix = "FST_" + id.toUpperCase(Locale.ROOT).replace('-', '_');
    return variable.equals(prefix)
        || variable.startsWith(prefix + "_")
        || id.equals(OTHER_VARIABLES.get(variable));
  }

  private static boolean has(Map<Kind, Set<String>> ids, String id) {
    return ids.values().stream().anyMatch(each -> each.contains(id));
  }
}
