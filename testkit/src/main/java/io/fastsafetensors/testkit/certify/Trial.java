// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A plug-in and what became of the tests that were made on it.
 *
 * @param subject the plug-in
 * @param outcomes of all tests
 */
record Trial(Subject subject, List<Outcome> outcomes) {
  /** What a trial ends with. */
  enum Verdict {
    /** No rule is broken. */
    CERTIFIED,
    /** A rule is broken. */
    REFUSED,
    /** The plug-in does not work here, so that only its probe was tried. */
    NOT_TRIED
  }

  static Trial of(Subject subject) {
    return new Trial(subject, ContractRun.of(subject));
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
    }
    return subject.isAvailable() && count(Status.PASSED) > 0
        ? Verdict.CERTIFIED
        : Verdict.NOT_TRIED;
  }

  /** Says how it ended, in a line. */
  String conclusion() {
    String counts =
        "%d passed, %d failed, %d skipped"
            .formatted(count(Status.PASSED), count(Status.FAILED), count(Status.SKIPPED));
    return switch (verdict()) {
      case CERTIFIED -> "certified: " + counts;
      case NOT_TRIED -> "not tried, " + subject.detail();
      case REFUSED -> "refused, it breaks " + brokenRules() + ": " + counts;
    };
  }

  private String brokenRules() {
    return rules().stream()
        .filter(rule -> rule.count(Status.FAILED) > 0)
        .map(RuleCount::rule)
        .collect(Collectors.joining(", "));
  }
}
