// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.IoMonitor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of one file: keeps the first failure, starts no job after it, and frees what they used
 * once none of them runs any more (rule IO-102).
 */
final class Jobs {
  private static final Logger LOG = System.getLogger(Jobs.class.getName());

  /** How soon a waiting caller notices a cancellation that no job notices. */
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A job, or what follows the last one. */
  @FunctionalInterface
  interface Body {
    void run() throws LoadException;
  }

  private final String subject;
  private final Body afterLast;
  private final Runnable release;
  private long left;
  private int running;
  private boolean stopped;
  private boolean done;
  private boolean released;
  private @Nullable Throwable failure;

  /**
   * Makes the count.
   *
   * @param subject what the jobs are about, for messages
   * @param count how many there are at first
   * @param afterLast runs when the last job has succeeded, as a part of it
   * @param release frees what the jobs use; runs at most once
   */
  Jobs(String subject, int count, Body afterLast, Runnable release) {
    this.subject = subject;
    this.left = count;
    this.afterLast = afterLast;
    this.release = release;
  }

  /** Counts further jobs; called by a job. */
  synchronized void add(int count) {
    left += count;
  }

  /** Runs a job on this thread, unless the jobs were stopped. */
  void run(Body job) {
    if (!enter()) {
      return;
    }
    try {
      job.run();
      if (isLast()) {
        afterLast.run();
        succeed();
      }
    } catch (LoadException | RuntimeException | Error e) {
      fail(e);
    } finally {
      leave();
    }
  }

  private synchronized boolean enter() {
    if (!stopped) {
      running++;
    }
    return !stopped;
  }

  private synchronized boolean isLast() {
    left--;
    return left == 0;
  }

  private synchronized void succeed() {
    done = true;
    notifyAll();
  }

  private synchronized void fail(Throwable e) {
    failure = failure == null ? e : failure;
    stopped = true;
    notifyAll();
  }

  private synchronized void leave() {
    running--;
    if (running == 0) {
      releaseIfStopped();
      notifyAll();
    }
  }

  private void releaseIfStopped() {
    if (stopped && !released) {
      released = true;
      release.run();
    }
  }

  /** Waits until all jobs have succeeded. */
  void await(IoMonitor monitor) throws LoadException {
    try {
      while (!isSettled()) {
        monitor.checkpoint();
        if (monitor.deadline().hasPassed()) {
          String message = subject + ": not there after " + monitor.deadline().allowed();
          throw new LoadCancelledException(message, true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException(subject + ": the waiting thread was interrupted", false);
    }
    checkSuccess();
  }

  private synchronized boolean isSettled() throws InterruptedException {
    return waitUntil(() -> done || failure != null, System.nanoTime() + POLL_NANOS);
  }

  private boolean waitUntil(BooleanSupplier condition, long end) throws InterruptedException {
    long nanos = end - System.nanoTime();
    while (!condition.getAsBoolean() && nanos > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, nanos);
      nanos = end - System.nanoTime();
    }
    return condition.getAsBoolean();
  }

  private synchronized void checkSuccess() throws LoadException {
    switch (failure) {
      case null -> {}
      case LoadException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new LoadException(subject + ": " + failure, failure);
    }
  }

  /** Leaves what the jobs used to somebody else to free. */
  synchronized void keep() {
    released = true;
  }

  /**
   * Starts no further job, and waits until none runs; a second call finds nothing to do.
   *
   * @param nanos how long; a job that hangs longer frees what it uses when it ends
   */
  synchronized void drain(long nanos) {
    stopped = true;
    if (waitUntilIdle(nanos)) {
      releaseIfStopped();
    } else {
      LOG.log(Level.WARNING, "{0}: a read hangs; its memory is freed when it ends", subject);
    }
  }

  /** Waits in spite of interrupts, of which this thread learns afterwards. */
  private boolean waitUntilIdle(long nanos) {
    long end = System.nanoTime() + nanos;
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return waitUntil(() -> running == 0, end);
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
