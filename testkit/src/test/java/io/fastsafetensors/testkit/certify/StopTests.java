// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.testkit.certify.Outcome.Status;
import io.fastsafetensors.testkit.certify.Stop.Limits;
import io.fastsafetensors.testkit.certify.Trial.Verdict;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A broken plug-in gets its verdict soon: what hangs is ended, and the rest is left out. */
@Tag("slow")
final class StopTests {
  private final StringWriter out = new StringWriter();

  private Trial certify(BrokenBackend backend, String fault, String... arguments) {
    Choice choice = Choice.parse(arguments);
    Device device = Device.parse("sim:0");
    Subject subject = new Subject(Kind.BACKEND, backend, device, backend.probe(device), fault);
    try (TrialProgress progress = new TrialProgress(new PrintWriter(out))) {
      return Trial.of(subject, choice, new Stop(choice.limits()), progress);
    }
  }

  @Test
  void leavesTheRestOutAfterSomeFailures() {
    Trial trial = certify(new BrokenBackend(false), "", "--rule", "IO-10", "--max-failures", "2");
    assertThat(trial.count(Status.FAILED)).as(trial.conclusion()).isEqualTo(2);
    assertThat(trial.count(Status.LEFT_OUT)).isGreaterThan(10);
    assertThat(trial.conclusion())
        .startsWith("refused, it breaks IO-10")
        .contains("; stopped after 2 failures, left out: IO-10");
    assertThat(out.toString())
        .contains("  IO-101         0       1       0")
        .doesNotContain("IO-109");
    assertThat(Certificate.of(List.of(trial)))
        .contains("| IO-109 | 0 | 0 | 0 | 3 | left out: stopped after 2 failures |");
  }

  @Test
  void goesOnToTheEndIfAskedTo() {
    Trial trial = certify(new BrokenBackend(false), "", "--rule", "IO-10", "--max-failures", "0");
    assertThat(trial.count(Status.FAILED)).isGreaterThan(10);
    assertThat(trial.count(Status.LEFT_OUT)).isZero();
  }

  @Test
  void endsATestThatHangsAndSaysWhere() {
    BrokenBackend backend = new BrokenBackend(true);
    try {
      Trial trial = certify(backend, "", "--rule", "IO-103", "--timeout", "1");
      assertThat(trial.count(Status.FAILED)).isEqualTo(1);
      assertThat(out.toString())
          .contains(
              "[IO-103] required_io103_",
              " did not end within 1 s; it is at ",
              "certify.BrokenBackend.open(BrokenBackend.java:");
      assertThat(trial.conclusion()).contains("stopped, a call never ended: ", "left out: IO-103");
    } finally {
      backend.end();
    }
  }

  @Test
  void aProbeThatThrewIsARuleThatIsBroken() {
    Trial trial = certify(new BrokenBackend(false), "[P-103] probe(sim:0) threw something");
    assertThat(trial.verdict()).isEqualTo(Verdict.REFUSED);
    assertThat(out.toString()).contains("  P-103 ", "failed: [P-103] probe(sim:0) threw something");
  }

  @Test
  void aPlugInThatFailedEnoughIsNotTriedElsewhere() {
    Stop stop = new Stop(new Limits(Duration.ofSeconds(1), 1));
    stop.failed(Duration.ZERO);
    BrokenBackend backend = new BrokenBackend(false);
    Device device = Device.parse("sim:0");
    Subject subject = new Subject(Kind.BACKEND, backend, device, backend.probe(device), "");
    Trial trial = Trial.of(subject, Choice.parse(), stop, TrialProgress.NONE);
    assertThat(trial.conclusion()).isEqualTo("not tried, stopped after 1 failure");
  }
}
