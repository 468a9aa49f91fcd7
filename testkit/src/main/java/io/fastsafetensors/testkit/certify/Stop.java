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
}
