// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import java.time.Duration;

/**
 * When a test ends, and when a plug-in has failed enough.
 *
 * @param test the longest that a test, or a probe, may take
 * @param failures after how many failed tests the rest is left out; 0 is never
 */
record Limits(Duration test, int failures) {
  /** After so many failures a plug-in is known to be broken. */
  static final int MOST_FAILURES = 3;

  /** What a contract gets that is not to be cut short: its own limits hold. */
  static final Limits NONE = new Limits(Duration.ZERO, 0);

  /** How long a plug-in that has failed is tried on: many failures are waits that time out. */
  private static final Duration REST = Duration.ofSeconds(10);

  /** Returns how long the slowest test of a right plug-in may take. */
  static Duration longest(boolean large) {
    return large ? Duration.ofMinutes(10) : Duration.ofSeconds(30);
  }

  /** Returns why no more tests are to be made of what has failed; empty as long as they are. */
  String enough(int failed, Duration since) {
    if (failures > 0 && failed >= failures) {
      return "stopped after " + failed + (failed == 1 ? " failure" : " failures");
    }
    return failures > 0 && since.compareTo(REST) > 0
        ? "stopped after a failure and %s s".formatted(since.toSeconds())
        : "";
  }
}
