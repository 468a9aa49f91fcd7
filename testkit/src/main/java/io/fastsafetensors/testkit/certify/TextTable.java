// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.io.PrintWriter;

/** A trial as a table for the terminal: a line a rule, and one for each reason. */
final class TextTable {
  private static final String ROW = "  %-8s%8s%8s%8s%n";

  private TextTable() {}

  static void print(Trial trial, PrintWriter out) {
    out.printf(ROW, "rule", "passed", "failed", "skipped");
    for (RuleCount rule : trial.rules()) {
      out.printf(
          ROW,
          rule.rule(),
          rule.count(Status.PASSED),
          rule.count(Status.FAILED),
          rule.count(Status.SKIPPED));
      rule.reasons().forEach(reason -> out.println("      " + reason));
    }
    out.println(trial.subject() + ": " + trial.conclusion());
    out.println();
    out.flush();
  }
}
