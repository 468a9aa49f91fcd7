// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.bundle;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes; prints what did not pass, with the reason, and a line of counts. */
final class TestRun implements TestExecutionListener {
  private final Map<Status, Integer> counts = new TreeMap<>();

  private TestRun() {}

  /**
   * Runs the classes named. The status is 1 if a test failed or there was none, and 2 if all were
   * skipped.
   */
  public static void main(String[] classes) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(DiscoverySelectors::selectClass).toList())
            .build();
    TestRun run = new TestRun();
    LauncherFactory.create().execute(request, run);
    System.out.printf(
        "tests: %d passed, %d skipped, %d failed%n",
        run.count(Status.SUCCESSFUL), run.count(Status.ABORTED), run.count(Status.FAILED));
    System.exit(run.status());
  }

  private int status() {
    if (count(Status.FAILED) > 0 || counts.isEmpty()) {
      return 1;
    }
    return count(Status.SUCCESSFUL) > 0 ? 0 : 2;
  }

  private int count(Status status) {
    return counts.getOrDefault(status, 0);
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    counts.merge(Status.ABORTED, 1, Integer::sum);
    print("skipped", test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest() || result.getStatus() != Status.SUCCESSFUL) {
      counts.merge(result.getStatus(), 1, Integer::sum);
    }
    result.getThrowable().ifPresent(cause -> print(test, result.getStatus(), cause));
  }

  private static void print(TestIdentifier test, Status status, Throwable cause) {
    if (status == Status.ABORTED) {
      String reason = String.valueOf(cause.getMessage());
      print("skipped", test, reason.replaceFirst("^Assumption failed: ", ""));
    } else {
      print("FAILED", test, cause.toString());
      cause.printStackTrace(System.out);
    }
  }

  private static void print(String what, TestIdentifier test, String reason) {
    System.out.printf(
        "%s: %s %s -- %s%n", what, test.getLegacyReportingName(), test.getDisplayName(), reason);
  }
}
