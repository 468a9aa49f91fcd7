// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import java.time.Duration;

/**
 * How often a rank is heard.
 *
 * @param interval how often it says that it is alive
 * @param silence after how long without a word it is lost: the group's timeout
 */
record Pulse(Duration interval, Duration silence) {
  private static final Duration LONGEST_INTERVAL = Duration.ofSeconds(5);
  private static final int BEATS = 8;

  static Pulse of(Duration timeout) {
    return new Pulse(shorter(timeout.dividedBy(BEATS), LONGEST_INTERVAL), timeout);
  }

  static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
