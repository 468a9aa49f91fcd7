// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a save, and the first failure of any of them. Threads are started when there is
 * work for them; without threads, work is done by who gives it. Thread-safe.
 */
final class SaveThreads {
  private static final long POLL_MILLIS = 50;
  private static final long IDLE_SECONDS = 1;

  /** How much work waits at most: more would only be further from the first failure. */
  private static final int MOST_WAITING = 64;

  private final SaveControl control;
  private final @Nullable ThreadPoolExecutor pool;
  private @Nullable Throwable failure;
  private long unfinished;

  SaveThreads(int most, SaveControl control) {
    this.control = control;
    this.pool = most == 0 ? null : pool(most);
  }

  private static ThreadPoolExecutor pool(int most) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("fastsafetensors-save-", 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Work that may fail. */
  interface Work {
    /** Does it. */
    void run() throws IOException;
  }

  /** Waits until there is room for more work. */
  synchronized void awaitRoom() throws IOException {
    while (unfinished > MOST_WAITING) {
      await(this);
    }
    check();
  }

  /** Has work done, if nothing has failed until then; its failure ends the save. */
  void submit(Work work) {
    synchronized (this) {
      unfinished++;
    }
    if (pool == null) {
      run(work);
      return;
    }
    try {
      pool.execute(() -> run(work));
    } catch (OutOfMemoryError e) {
      run(work); // no further thread may be started
    }
  }

  private void run(Work work) {
    try {
      if (failure() == null) {
        control.check();
        work.run();
      }
    } catch (Throwable e) {
      fail(e);
    } finally {
      synchronized (this) {
        unfinished--;
        notifyAll();
      }
    }
  }

  /** Ends the save; the first failure counts. */
  synchronized void fail(Throwable thrown) {
    if (failure == null) {
      failure = thrown;
    }
    notifyAll();
  }

  /** Goes on, unless a part of the save has failed or it is to end. */
  void check() throws IOException {
    Throwable known = failure();
    if (known != null) {
      throw new SaveEndedException(known);
    }
    control.check();
  }

  private synchronized @Nullable Throwable failure() {
    return failure;
  }

  /** Throws what a part of the save failed with. */
  void rethrow() throws IOException {
    Throwable known = failure();
    switch (known) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(known);
    }
  }

  /** Waits for a moment, or until a monitor is notified that the caller holds. */
  @SuppressWarnings("WaitNotInLoop") // callers do
  void await(Object monitor) throws IOException {
    check();
    try {
      monitor.wait(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException thrown = new InterruptedIOException("the thread was interrupted");
      thrown.initCause(e);
      throw thrown;
    }
  }

  /** Waits until all work is done. */
  synchronized void awaitAll() throws IOException {
    while (unfinished > 0) {
      await(this);
    }
    check();
  }

  /**
   * Waits until no thread works any more, also after a failure.
   *
   * @return false if one hangs
   */
  boolean end(long seconds) {
    if (pool == null) {
      return true;
    }
    pool.shutdown();
    boolean interrupted = Thread.interrupted();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (true) {
        try {
          return pool.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
