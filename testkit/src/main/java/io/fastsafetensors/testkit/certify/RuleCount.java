// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.util.Comparator;
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
  private static final List<String> GROUPS = List.of("P", "D", "IO", "C");

  /** Groups outcomes by rule, in the order of the document. */
  static List<RuleCount> of(List<Outcome> outcomes) {
    Map<String, List<Outcome>> byRule =
        outcomes.stream()
            .collect(
                Collectors.groupingBy(
                    Outcome::rule, () -> new TreeMap<>(documentOrder()), Collectors.toList()));
    return byRule.entrySet().stream()
        .map(entry -> new RuleCount(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static Comparator<String> documentOrder() {
    return Comparator.<String>comparingInt(
            rule -> GROUPS.indexOf(rule.substring(0, rule.indexOf('-'))))
        .thenComparing(Comparator.naturalOrder());
  }

  long count(Status status) {
    return outcomes.stream().filter(outcome -> outcome.is(status)).count();
  }

  boolean isTried() {
    return count(Status.SKIPPED) < outcomes.size();
  }

  /** Returns why tests failed or were skipped, each reason once. */
  List<String> reasons() {
    return outcomes.stream()
        .filter(outcome -> !outcome.is(Status.PASSED))
        .map(outcome -> outcome.status().name().toLowerCase(Locale.ROOT) + ": " + outcome.reason())
        .map(reason -> reason.strip().replaceAll("\\s+", " "))
        .distinct()
        .toList();
  }
}
