// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.blame.Blame;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Decides after each test of a run whether the next is made. */
final class Stop {
  /** How the testkit's threads are called that make calls of a plug-in. */
  static final String THREADS = "testkit: ";

  private static final long WAIT_NANOS = 2_000_000_000L;

  private final Limits limits;
  private String reason = "";
  private int failed;
  private long firstFailure;

  Stop(Limits limits) {
    this.limits = limits;
  }

  Limits limits() {
    return limits;
  }

  /** Returns why no more tests are made; empty as long as they are. */
  synchronized String reason() {
    if (reason.isEmpty() && failed > 0) {
      reason = limits.enough(failed, Duration.ofNanos(System.nanoTime() - firstFailure));
    }
    return reason;
  }

  /** Takes into account that a test failed, and how long that took. */
  synchronized void failed(Duration took) {
    if (failed++ == 0) {
      firstFailure = System.nanoTime() - took.toNanos();
    }
    if (reason().isEmpty() && limits.failures() > 0) {
      reason = stuck().map(call -> "stopped, a call never ended: " + call).orElse("");
    }
  }

  /**
   * Returns a thread of the testkit that is still in a call of the plug-in. What it holds would be
   * taken for a leak, and what it does later for the next test's.
   */
  private static Optional<String> stuck() {
    long end = System.nanoTime() + WAIT_NANOS;
    while (running().findAny().isPresent() && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
    return running().map(Stop::text).findFirst();
  }

  private static Stream<Map.Entry<Thread, StackTraceElement[]>> running() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(entry -> entry.getKey().getName().startsWith(THREADS))
        .filter(entry -> !entry.getKey().equals(Thread.currentThread()));
  }

  private static String text(Map.Entry<Thread, StackTraceElement[]> thread) {
    return thread.getKey().getName().substring(THREADS.length())
        + ", at "
        + Blame.at(thread.getValue());
  }

  /**
   * When a test ends, and when a plug-in has failed enough.
   *
   * @param test the longest that a test, or a probe, may take
   * @param failures after how many failed tests the rest is left out; 0 is never
   */
  record Limits(Duration test, int failures) {
    /** After so many failures a plug-in is known to be broken. */
    static final int MOST_FAILURES = 3;

    /** What a contract gets that is not to be cut short: its own limits hold. */
    static final Limits NONE = new Limits(Duration.ZERO, 0);

    /** How long a plug-in that has failed is tried on: many failures are waits that time out. */
    private static final Duration REST = Duration.ofSeconds(10);

    /** Returns how long the slowest test of a right plug-in may take. */
    static Duration longest(boolean large) {
      return large ? Duration.ofMinutes(10) : Duration.ofSeconds(30);
    }

    /** Returns why no more tests are to be made of what has failed; empty as long as they are. */
    String enough(int failed, Duration since) {
      if (failures > 0 && failed >= failures) {
        return "stopped after " + failed + (failed == 1 ? " failure" : " failures");
      }
      return failures > 0 && since.compareTo(REST) > 0
          ? "stopped after a failure and %s s".formatted(since.toSeconds())
          : "";
    }
  }
}
