// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.testkit.TestkitEnvironment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/**
 * A plug-in that is wrong on purpose.
 *
 * @param rule the one rule that it breaks
 * @param flaw how
 * @param plugin the plug-in
 */
record Wrong<P>(String rule, String flaw, P plugin) {
  /** Short waits: some flaws are hangs. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Waits that are meant to end by themselves: there are many. */
  private static final Duration QUIET = Duration.ofMillis(25);

  /** Rules about sizes that are tried only where there is room for them. */
  private static final Set<String> LARGE = Set.of("C-116", "D-112");

  /** What the contracts run in now; those about sizes see only what fails before it is large. */
  private static volatile boolean large;

  static TestkitEnvironment environment() {
    return TestkitEnvironment.fromSystem()
        .withFolder(Path.of(System.getProperty("java.io.tmpdir")))
        .withPatience(PATIENCE)
        .withQuiet(QUIET)
        .withLarge(large);
  }

  /** Runs a contract on this plug-in; fails unless the verdict names this rule, no other. */
  void check(Function<P, Verdict> contract) {
    large = LARGE.contains(rule);
    try {
      checkVerdict(contract.apply(plugin));
    } finally {
      large = false;
    }
  }

  private void checkVerdict(Verdict verdict) {
    assertThat(verdict.broken())
        .as("rules broken by %s: %s", this, verdict.messages())
        .containsExactly(rule);
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
