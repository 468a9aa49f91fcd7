// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Tells logs how far a long load is, also while no byte comes. */
final class Heartbeat implements AutoCloseable {
  private final String task;
  private final Duration period;
  private final Consumer<String> lines;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile long done;
  private volatile long total;

  private Heartbeat(String task, Duration period, Consumer<String> lines) {
    this.task = task;
    this.period = period;
    this.lines = lines;
  }

  /** Starts to tell, after the first period; nothing if it is closed before. */
  static Heartbeat start(String task, Duration period, Consumer<String> lines) {
    Heartbeat heartbeat = new Heartbeat(task, period, lines);
    Thread thread = new Thread(heartbeat::run, "fst-heartbeat");
    thread.setDaemon(true);
    thread.start();
    return heartbeat;
  }

  void progress(long doneBytes, long totalBytes) {
    done = doneBytes;
    total = totalBytes;
  }

  private void run() {
    long start = System.nanoTime();
    long before = 0;
    try {
      while (!over.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
        long now = done;
        lines.accept(line(now, now - before, (System.nanoTime() - start) / 1e9));
        before = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does
    }
  }

  /** Says the speed of the last period, and the time left by that of the whole. */
  private String line(long now, long moved, double seconds) {
    long all = total;
    double speed = moved / (period.toNanos() / 1e9);
    String left =
        now == 0 ? "time left unknown" : "about " + time((all - now) / (now / seconds)) + " left";
    return all == 0
        ? "fst: %s: nothing read yet".formatted(task)
        : String.format(
            Locale.ROOT,
            "fst: %s: %s of %s, %.2f GB/s, %s",
            task,
            Amounts.bytes(now),
            Amounts.bytes(all),
            speed / 1e9,
            left);
  }

  private static String time(double seconds) {
    return Amounts.duration(Duration.ofSeconds(Math.round(Math.ceil(seconds))));
  }

  @Override
  public void close() {
    over.countDown();
  }
}
