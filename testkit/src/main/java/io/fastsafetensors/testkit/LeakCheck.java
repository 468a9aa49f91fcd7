// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.time.Duration;
import java.util.List;

/** Uses a plug-in several times and counts what it leaves behind in this process. */
final class LeakCheck {
  /** One use, after which everything is closed. */
  @FunctionalInterface
  interface Use<X extends Exception> {
    void run() throws X;
  }

  private LeakCheck() {}

  /**
   * Fails if something stays. Descriptors and mappings are looked at as soon as a use is over,
   * because the garbage collector closes forgotten ones some day; only threads get time to end.
   */
  static <X extends Exception> void check(
      Rule rule, String what, int times, Duration patience, Use<X> use) throws X {
    use.run(); // warms up classes and pools
    ProcessSnapshot.assumePossible();
    ProcessSnapshot before = ProcessSnapshot.take();
    for (int i = 1; i <= times; i++) {
      use.run();
      refuse(rule, i + " " + what, before.leftOpen());
    }
    refuse(rule, times + " " + what, before.leftRunning(patience));
  }

  private static void refuse(Rule rule, String what, List<String> left) {
    rule.check(left.isEmpty(), what + " left behind " + left);
  }
}
