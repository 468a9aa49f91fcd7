// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Locale;

/**
 * What is known of one plug-in in this process.
 *
 * @param kind what it plugs into
 * @param id its name
 * @param priority its rank: higher is tried first
 * @param available whether it works here
 * @param detail if available, versions and modes; else the reason why not
 * @param source the jar or folder that it came from
 * @since 0.1
 */
public record PluginReport(
    Kind kind, String id, int priority, boolean available, String detail, String source) {
  /**
   * What a plug-in plugs into.
   *
   * @since 0.1
   */
  public enum Kind {
    /** A kind of memory where tensors live. */
    DEVICE,
    /** A reader of files. */
    BACKEND,
    /** A transport between ranks. */
    COLLECTIVE
  }

  /**
   * Returns a report of the same plug-in that says why it won't do.
   *
   * @param reason why not
   * @return the report
   */
  public PluginReport unavailable(String reason) {
    return new PluginReport(kind, id, priority, false, reason, source);
  }

  /** Returns a line: {@code backend cpu, available: mapped, copied}. */
  @Override
  public String toString() {
    return "%s %s, %s: %s"
        .formatted(
            kind.name().toLowerCase(Locale.ROOT),
            id,
            available ? "available" : "unavailable",
            detail);
  }
}
