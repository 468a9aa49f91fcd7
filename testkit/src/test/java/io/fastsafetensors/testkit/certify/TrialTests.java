// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.testkit.certify.Outcome.Status;
import io.fastsafetensors.testkit.certify.Trial.Verdict;
import io.fastsafetensors.testkit.sim.SimBackend;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a trial ends with, and how it reads. */
final class TrialTests {
  private static final Outcome PASSED = outcome("P-102", Status.PASSED, "");
  private static final Outcome FAILED =
      outcome("IO-105", Status.FAILED, "[IO-105] a | short\nread");

  private static Outcome outcome(String rule, Status status, String reason) {
    return new Outcome(rule, "required_x", status, reason, Duration.ofMillis(5));
  }

  private static Trial trial(Availability availability, Outcome... outcomes) {
    Device device = Device.parse("sim:0");
    return new Trial(
        new Subject(Kind.BACKEND, new SimBackend(), device, availability, ""),
        List.of(outcomes),
        "");
  }

  @Test
  void oneBrokenRuleRefuses() {
    Trial trial = trial(Availability.available("here"), PASSED, FAILED);
    assertThat(trial.verdict()).isEqualTo(Verdict.REFUSED);
    assertThat(trial.conclusion())
        .isEqualTo("refused, it breaks IO-105: 1 passed, 1 failed, 0 skipped");
  }

  @Test
  void whatIsUnavailableIsNeitherCertifiedNorRefused() {
    Outcome skipped = outcome("IO-105", Status.SKIPPED, "unavailable");
    Trial trial = trial(Availability.unavailable("no such library"), PASSED, skipped);
    assertThat(trial.verdict()).isEqualTo(Verdict.NOT_TRIED);
    assertThat(trial.rules()).extracting(RuleCount::rule).containsExactly("P-102");
    assertThat(trial.conclusion()).isEqualTo("not tried, unavailable: no such library");
    assertThat(trial(Availability.unavailable("no"), FAILED).verdict()).isEqualTo(Verdict.REFUSED);
  }

  @Test
  void rulesComeInTheOrderOfTheDocument() {
    Trial trial =
        trial(
            Availability.available("here"),
            outcome("C-101", Status.PASSED, ""),
            outcome("IO-101", Status.PASSED, ""),
            outcome("D-203", Status.PASSED, ""),
            PASSED);
    assertThat(trial.rules())
        .extracting(RuleCount::rule)
        .containsExactly("P-102", "D-203", "IO-101", "C-101");
  }

  @Test
  void reasonsStayInTheirLineAndCell() {
    Trial trial = trial(Availability.available("here"), FAILED, FAILED);
    StringWriter text = new StringWriter();
    try (TrialProgress progress = new TrialProgress(new PrintWriter(text))) {
      trial.outcomes().forEach(progress::ended);
    }
    assertThat(text.toString()).containsOnlyOnce("      failed: [IO-105] a | short read\n");
    assertThat(Certificate.of(List.of(trial)))
        .contains("| IO-105 | 0 | 2 | 0 | 0 | failed: \\[IO-105\\] a \\| short read |");
  }
}
