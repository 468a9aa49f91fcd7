// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How much memory this process used when, by {@code /proc/self/status}. */
final class MemorySamples implements AutoCloseable {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int MOST = 400;
  private static final long FIRST_PAUSE_MILLIS = 10;
  private static final long END_MILLIS = 2000;

  private final List<Sample> samples = new ArrayList<>();
  private @Nullable Thread sampler;

  /**
   * What was used at a moment.
   *
   * @param nanos when, by {@link System#currentTimeMillis}, in nanoseconds
   * @param own bytes of memory of its own
   * @param ofFiles bytes of mapped files, and of memory that is shared
   */
  record Sample(long nanos, long own, long ofFiles) {}

  void start() {
    Thread thread = new Thread(this::run, "fst-memory-samples");
    thread.setDaemon(true);
    sampler = thread;
    thread.start();
  }

  private void run() {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      while (take()) {
        Thread.sleep(pause);
        pause = thinned() ? 2 * pause : pause;
      }
    } catch (InterruptedException e) {
      take(); // the end
    }
  }

  /** Leaves every second sample out when there are many; they come half as often from then on. */
  private synchronized boolean thinned() {
    if (samples.size() < MOST) {
      return false;
    }
    for (int i = samples.size() - 1; i > 0; i -= 2) {
      samples.remove(i);
    }
    return true;
  }

  private synchronized boolean take() {
    try {
      List<String> status = Files.readAllLines(STATUS);
      samples.add(
          new Sample(
              System.currentTimeMillis() * 1_000_000,
              bytes(status, "RssAnon:"),
              bytes(status, "RssFile:") + bytes(status, "RssShmem:")));
      return true;
    } catch (IOException | RuntimeException e) {
      return false; // another system, which the page says
    }
  }

  private static long bytes(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  synchronized List<Sample> taken() {
    return List.copyOf(samples);
  }

  @Override
  public void close() {
    Thread running = sampler;
    sampler = null;
    if (running != null) {
      running.interrupt();
      try {
        running.join(END_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
