// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.testkit.certify.ContractRun;
import io.fastsafetensors.testkit.certify.Outcome;
import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a contract says of a plug-in.
 *
 * @param succeeded how many tests passed
 * @param broken the rules whose tests failed
 * @param messages what they failed with
 */
record Verdict(long succeeded, Set<String> broken, List<String> messages) {
  /** Runs all tests of a contract. */
  static Verdict of(Class<?> contract) {
    List<Outcome> outcomes = ContractRun.of(contract);
    List<Outcome> failed =
        outcomes.stream().filter(outcome -> outcome.status() == Status.FAILED).toList();
    return new Verdict(
        outcomes.stream().filter(outcome -> outcome.status() == Status.PASSED).count(),
        failed.stream().map(Outcome::rule).collect(Collectors.toCollection(TreeSet::new)),
        failed.stream().map(Outcome::reason).toList());
  }
}
