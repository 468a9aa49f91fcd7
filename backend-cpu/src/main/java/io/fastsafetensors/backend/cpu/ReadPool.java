// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of a session. They are never interrupted while they read: the JDK would close the
 * file for all threads.
 */
final class ReadPool implements AutoCloseable {
  private static final long CLOSE_SECONDS = 10;

  private final ThreadPoolExecutor executor;

  ReadPool(int threads) {
    executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new PriorityBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("fastsafetensors-cpu-", 0).factory());
  }

  /**
   * A piece of work; first file first, in it first part first: so memory is filled soon after it
   * was allocated, and storage is read in order.
   */
  private record Job(long file, int part, int step, Runnable work)
      implements Runnable, Comparable<Job> {
    private static final Comparator<Job> ORDER =
        Comparator.comparingLong(Job::file).thenComparingInt(Job::part).thenComparingInt(Job::step);

    @Override
    public void run() {
      work.run();
    }

    @Override
    public int compareTo(Job other) {
      return ORDER.compare(this, other);
    }
  }

  /** Gives a piece of work to the next free thread. */
  void execute(long file, int part, int step, Runnable work) {
    executor.execute(new Job(file, part, step, work));
  }

  /** Drops work that has not begun and waits for the threads to end. */
  @Override
  public void close() {
    executor.getQueue().clear();
    executor.shutdown();
    try {
      executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
