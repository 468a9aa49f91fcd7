// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.testkit.TestkitEnvironment;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A plug-in that is wrong on purpose.
 *
 * @param rule the one rule that it breaks
 * @param flaw how
 * @param plugin the plug-in
 */
record Wrong<P>(String rule, String flaw, P plugin) {
  /** Short waits: some flaws are hangs. */
  static final TestkitEnvironment ENVIRONMENT =
      new TestkitEnvironment(
          Path.of(System.getProperty("java.io.tmpdir")),
          Duration.ofSeconds(4),
          Duration.ofMillis(100),
          false);

  /** Fails unless the verdict names this rule, no other, readably. */
  void checkVerdict(Verdict verdict) {
    assertThat(verdict.broken()).as("rules broken by %s", this).containsExactly(rule);
    assertThat(verdict.messages())
        .as("messages about %s", this)
        .allSatisfy(message -> assertThat(message).startsWith("[" + rule + "] ").contains(" "));
    assertThat(verdict.succeeded()).as("tests passed by %s", this).isPositive();
  }

  @Override
  public String toString() {
    return rule + ": " + flaw;
  }
}
