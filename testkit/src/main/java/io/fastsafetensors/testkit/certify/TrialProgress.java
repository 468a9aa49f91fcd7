// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A trial as it goes, for the terminal: a line a rule as soon as its tests are over, one for each
 * reason, and the name of a test that takes long.
 */
final class TrialProgress implements AutoCloseable {
  /** Says nothing. */
  static final TrialProgress NONE = new TrialProgress(new PrintWriter(Writer.nullWriter()));

  private static final long LONG_SECONDS = 5;
  private static final String ROW = "  %-8s%8s%8s%8s%10s%n";

  private final PrintWriter out;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("certify-clock").factory());
  private final List<Outcome> rule = new ArrayList<>();
  private @Nullable ScheduledFuture<?> announcement;

  TrialProgress(PrintWriter out) {
    this.out = out;
  }

  /** Prints the head of the table. */
  void begin() {
    out.printf(ROW, "rule", "passed", "failed", "skipped", "time");
    out.flush();
  }

  /** Takes note of a test that runs. */
  synchronized void started(String test) {
    cancel();
    Runnable announce = () -> print("      for %s s: %s".formatted(LONG_SECONDS, test));
    announcement = clock.schedule(announce, LONG_SECONDS, TimeUnit.SECONDS);
  }

  /** Takes note of what became of a test. */
  synchronized void ended(Outcome outcome) {
    cancel();
    if (!rule.isEmpty() && !rule.getFirst().rule().equals(outcome.rule())) {
      endRule();
    }
    rule.add(outcome);
  }

  private void cancel() {
    if (announcement != null) {
      announcement.cancel(false);
    }
  }

  private void endRule() {
    RuleCount count = new RuleCount(rule.getFirst().rule(), List.copyOf(rule));
    rule.clear();
    if (count.count(Status.LEFT_OUT) == count.outcomes().size()) {
      return;
    }
    out.printf(
        ROW,
        count.rule(),
        count.count(Status.PASSED),
        count.count(Status.FAILED),
        count.count(Status.SKIPPED),
        seconds(count.took()));
    count.reasons().forEach(reason -> out.println("      " + reason));
    out.flush();
  }

  private static String seconds(Duration took) {
    return String.format(Locale.ROOT, "%.1f s", took.toMillis() / 1e3);
  }

  private synchronized void print(String line) {
    out.println(line);
    out.flush();
  }

  /** Prints the last rule. */
  @Override
  public synchronized void close() {
    cancel();
    clock.shutdownNow();
    if (!rule.isEmpty()) {
      endRule();
    }
  }
}
