// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import java.time.Duration;

/**
 * What became of a test.
 *
 * @param rule the rule that it tries, as in {@code IO-105}
 * @param test its name
 * @param status what became of it
 * @param reason why it failed or was skipped; empty if it passed
 * @param took how long it ran
 */
public record Outcome(String rule, String test, Status status, String reason, Duration took) {
  /** What can become of a test. */
  public enum Status {
    /** The rule is kept, as far as the test sees. */
    PASSED,
    /** The rule is broken. */
    FAILED,
    /** The test could not be made here. */
    SKIPPED,
    /** The test was not made: the plug-in had failed enough. */
    LEFT_OUT
  }

  boolean is(Status wanted) {
    return status == wanted;
  }
}
