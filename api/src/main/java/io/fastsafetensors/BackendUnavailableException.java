// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;
import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/**
 * No plug-in can do what was asked.
 *
 * @since 0.1
 */
public final class BackendUnavailableException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient List<PluginReport> candidates;

  /**
   * Makes an exception.
   *
   * @param message what was asked
   * @param candidates all plug-ins considered, each with its reason
   */
  public BackendUnavailableException(String message, List<PluginReport> candidates) {
    super(message + describe(candidates));
    this.candidates = List.copyOf(candidates);
  }

  private static String describe(List<PluginReport> candidates) {
    if (candidates.isEmpty()) {
      return "; found no plug-in of that kind: add its jar to the module path or class path";
    }
    return candidates.stream()
        .map(c -> c.id() + ": " + c.detail())
        .collect(Collectors.joining("; ", "; ", ""));
  }

  /**
   * Returns what was considered.
   *
   * @return every candidate with its reason
   */
  public List<PluginReport> candidates() {
    return candidates;
  }
}
