// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Threads that work on loaded tensors, with a deadline. What was submitted is done before {@link
 * #close} returns: the tensors' memory must not go away under it.
 *
 * @param <T> what a task finds out
 */
final class TensorWorkers<T> implements AutoCloseable {
  /** What the JDK's error says of such memory; other internal errors have other causes. */
  private static final String LOST_PAGES = "unsafe memory access";

  private final ExecutorService threads;
  private final Semaphore room;
  private final Deadline deadline;
  private final List<Future<T>> results = new ArrayList<>();
  private volatile boolean hasFailed;

  /** Starts threads; at most {@code pending} tasks wait or run at a time. */
  TensorWorkers(int threads, int pending, Duration timeout) {
    this.threads = Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().factory());
    this.room = new Semaphore(pending);
    this.deadline = Deadline.after(timeout);
  }

  /**
   * Hands over a task on memory that may be mapped from a file; blocks while too many wait, throws
   * what an earlier one threw.
   */
  void submit(Path file, Callable<T> task) throws IOException {
    submit(() -> named(file, task));
  }

  /** Hands a task over; blocks while too many are pending. */
  void submit(Callable<T> task) throws IOException {
    if (hasFailed) {
      results();
    }
    try {
      if (!room.tryAcquire(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
        throw late();
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    results.add(threads.submit(() -> releasing(task)));
  }

  private T releasing(Callable<T> task) throws Exception {
    try {
      return task.call();
    } catch (Throwable e) {
      hasFailed = true;
      throw e;
    } finally {
      room.release();
    }
  }

  /** Waits for the tasks since the last call; returns what they found, in their order. */
  List<T> results() throws IOException {
    List<T> found = new ArrayList<>(results.size());
    try {
      for (Future<T> result : results) {
        found.add(result.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS));
      }
      results.clear();
      return found;
    } catch (ExecutionException e) {
      throw rethrown(e);
    } catch (TimeoutException e) {
      throw late();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IOException rethrown(ExecutionException failure) {
    return switch (failure.getCause()) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> new IOException(failure);
    };
  }

  private static IOException late() {
    return new IOException("the time for work on the loaded tensors is over (--timeout)");
  }

  private static IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IOException("interrupted", e);
  }

  @Override
  public void close() {
    results.forEach(result -> result.cancel(false));
    threads.close();
  }

  /** Says which file it is when mapped memory can't be touched: the JDK's error doesn't. */
  private T named(Path file, Callable<T> task) throws Exception {
    try {
      return task.call();
    } catch (InternalError e) {
      if (!String.valueOf(e.getMessage()).contains(LOST_PAGES)) {
        throw e;
      }
      throw new IOException(
          file
              + ": mapped bytes can't be read any more: the file was cut off, or its storage"
              + " failed; load again, with --path copied if the file may change",
          e);
    }
  }
}
