// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import java.time.Duration;

/**
 * When heartbeats are sent, and when a peer counts as lost without them.
 *
 * @param interval how often a heartbeat is sent
 * @param silence how long after its last frame a peer counts as lost: the group's timeout
 */
record Heartbeats(Duration interval, Duration silence) {
  private static final Duration LONGEST_INTERVAL = Duration.ofSeconds(5);
  private static final int PER_TIMEOUT = 8;

  static Heartbeats of(Duration timeout) {
    return new Heartbeats(shorter(timeout.dividedBy(PER_TIMEOUT), LONGEST_INTERVAL), timeout);
  }

  static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
