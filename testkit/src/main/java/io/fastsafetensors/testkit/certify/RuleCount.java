// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What became of the tests of one rule.
 *
 * @param rule the rule
 * @param outcomes of its tests
 */
record RuleCount(String rule, List<Outcome> outcomes) {
  /** Groups outcomes by rule, in the order of the document. */
  static List<RuleCount> of(List<Outcome> outcomes) {
    Map<String, List<Outcome>> byRule =
        outcomes.stream()
            .collect(
                Collectors.groupingBy(
                    Outcome::rule, () -> new TreeMap<>(new RuleOrder()), Collectors.toList()));
    return byRule.entrySet().stream()
        .map(entry -> new RuleCount(entry.getKey(), entry.getValue()))
        .toList();
  }

  long count(Status status) {
    return outcomes.stream().filter(outcome -> outcome.is(status)).count();
  }

  boolean isTried() {
    return count(Status.SKIPPED) + count(Status.LEFT_OUT) < outcomes.size();
  }

  boolean isLeftOut() {
    return count(Status.LEFT_OUT) > 0;
  }

  Duration took() {
    return outcomes.stream().map(Outcome::took).reduce(Duration.ZERO, Duration::plus);
  }

  /** Returns why tests failed or were skipped, each reason once. */
  List<String> reasons() {
    return outcomes.stream()
        .filter(outcome -> !outcome.is(Status.PASSED))
        .map(RuleCount::reason)
        .distinct()
        .toList();
  }

  /** Returns what became of a test, and why, in a line. */
  private static String reason(Outcome outcome) {
    String status = outcome.status().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return (status + ": " + outcome.reason()).strip().replaceAll("\\s+", " ");
  }
}
