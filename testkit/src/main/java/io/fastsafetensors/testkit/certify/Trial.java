// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A plug-in and what became of the tests that were made on it.
 *
 * @param subject the plug-in
 * @param outcomes of all tests
 * @param leftOut which rules were not to be tried; empty if all were
 */
record Trial(Subject subject, List<Outcome> outcomes, String leftOut) {
  /** What a trial ends with. */
  enum Verdict {
    /** No rule is broken. */
    CERTIFIED,
    /** No rule is broken of those that were to be tried. */
    PARTLY,
    /** A rule is broken. */
    REFUSED,
    /** The plug-in does not work here, so that only its probe was tried. */
    NOT_TRIED
  }

  /** Tries a plug-in that has not failed enough elsewhere. */
  static Trial of(Subject subject, Choice choice, Stop stop, TrialProgress progress) {
    if (!stop.reason().isEmpty()) {
      return new Trial(subject, List.of(), stop.reason());
    }
    if (!subject.fault().isEmpty()) {
      Outcome broken = new Outcome("P-103", "probe", Status.FAILED, subject.fault(), Duration.ZERO);
      progress.ended(broken);
      stop.failed(Duration.ZERO);
      return new Trial(subject, List.of(broken), choice.leftOut());
    }
    return new Trial(
        subject, ContractRun.of(subject, choice::wants, stop, progress), choice.leftOut());
  }

  /** Returns the rules; of a plug-in that does not work here, those that were tried at all. */
  List<RuleCount> rules() {
    return RuleCount.of(outcomes).stream()
        .filter(rule -> subject.isAvailable() || rule.isTried())
        .toList();
  }

  long count(Status status) {
    return outcomes.stream().filter(outcome -> outcome.is(status)).count();
  }

  Verdict verdict() {
    if (count(Status.FAILED) > 0) {
      return Verdict.REFUSED;
    } else if (!subject.isAvailable() || count(Status.PASSED) == 0) {
      return Verdict.NOT_TRIED;
    }
    return leftOut.isEmpty() ? Verdict.CERTIFIED : Verdict.PARTLY;
  }

  /** Says how it ended, in a line. */
  String conclusion() {
    String counts =
        "%s passed, %s failed, %s skipped"
            .formatted(count(Status.PASSED), count(Status.FAILED), count(Status.SKIPPED));
    return switch (verdict()) {
      case CERTIFIED -> "certified: " + counts;
      case PARTLY -> "passed, " + leftOut + ": " + counts;
      case NOT_TRIED -> "not tried, " + (subject.isAvailable() ? reason() : subject.detail());
      case REFUSED -> "refused, it breaks " + broken() + ": " + counts + stopped();
    };
  }

  private String reason() {
    return leftOut.isEmpty() ? "all tests were skipped" : leftOut;
  }

  private String broken() {
    return names(rule -> rule.count(Status.FAILED) > 0);
  }

  /** Says why tests were left out, and of which rules. */
  private String stopped() {
    return outcomes.stream()
        .filter(outcome -> outcome.is(Status.LEFT_OUT))
        .findFirst()
        .map(first -> "; " + first.reason() + ", left out: " + names(RuleCount::isLeftOut))
        .orElse("");
  }

  private String names(Predicate<RuleCount> wanted) {
    return rules().stream().filter(wanted).map(RuleCount::rule).collect(Collectors.joining(", "));
  }
}
