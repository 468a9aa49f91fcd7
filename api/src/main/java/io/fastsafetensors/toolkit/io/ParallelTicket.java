// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.toolkit.text.Amounts;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A ticket whose jobs are run by threads of the session: counts the jobs, keeps the first failure
 * and runs no job after it, ends the wait at the deadline, and frees nothing before the last job
 * has ended (rules IO-102, IO-106, IO-107 and IO-111).
 *
 * <p>A backend says what a job is, such as the read of a block, has its threads {@link #run} them,
 * and implements {@link #finish} and {@link #release}. {@code run}, {@code add} and {@code fail}
 * are thread-safe; {@code await} and {@code close} are for one thread at a time.
 *
 * @since 0.1
 */
public abstract class ParallelTicket implements IoTicket {
  /** How soon a waiting caller notices a cancellation that no job notices. */
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Path file;
  private final IoMonitor monitor;
  private long left;
  private int running;
  private boolean stopped;
  private @Nullable Throwable failure;
  private boolean awaited;
  private boolean closed;
  private boolean handedOut;

  /**
   * A piece of work.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Job {
    /**
     * Does the work.
     *
     * @throws LoadException if it can't be done
     */
    void run() throws LoadException;
  }

  /**
   * Makes a ticket of which no job runs yet.
   *
   * @param file the file, for messages
   * @param monitor the engine's side
   * @param jobs how many jobs there are to begin with
   */
  protected ParallelTicket(Path file, IoMonitor monitor, long jobs) {
    this.file = file;
    this.monitor = monitor;
    this.left = jobs;
  }

  /**
   * Tells where the ranges are, on the thread that awaits, once every job has succeeded.
   *
   * @return the ranges
   * @throws LoadException if a copy that a job queued failed, or the file has changed
   */
  protected abstract LoadedRanges finish() throws LoadException;

  /**
   * Closes the file, and frees the memory unless it was handed out. Runs once, when nobody uses
   * them any more: at the end of {@code await} or in {@code close}. Throws nothing.
   *
   * @param handedOut whether the ranges of {@link #finish} are the caller's
   */
  protected abstract void release(boolean handedOut);

  /**
   * Counts more jobs; called by a running job, so that the count can't end before.
   *
   * @param jobs how many
   */
  public final synchronized void add(long jobs) {
    left = Math.addExact(left, jobs);
  }

  /**
   * Runs a job on this thread; does nothing once a job has failed or the ticket is closed. What the
   * job throws is thrown by {@code await}, not here.
   *
   * @param job the work
   */
  public final void run(Job job) {
    if (!enter()) {
      return;
    }
    @Nullable Throwable thrown = null;
    try {
      job.run();
    } catch (Throwable e) {
      thrown = e;
    }
    leave(thrown);
  }

  /**
   * Tells whether a job has failed or the ticket is closed, for jobs that can end before they are
   * done.
   *
   * @return true if what this job does is of no use any more
   */
  protected final synchronized boolean isStopped() {
    return stopped;
  }

  private synchronized boolean enter() {
    if (!stopped) {
      running++;
    }
    return !stopped;
  }

  private synchronized void leave(@Nullable Throwable thrown) {
    running--;
    if (thrown == null) {
      left--;
    } else {
      fail(thrown);
    }
    if (left == 0 || stopped) {
      notifyAll(); // not for each job: who waits would wake for nothing
    }
  }

  /**
   * Notes what went wrong after a job had succeeded, such as a copy that it queued; only the first
   * failure counts.
   *
   * @param thrown what went wrong
   */
  public final synchronized void fail(Throwable thrown) {
    failure = failure == null ? thrown : failure;
    stopped = true;
    notifyAll();
  }

  @Override
  public final LoadedRanges await() throws LoadException {
    if (awaited || closed) {
      throw new IllegalStateException(file + ": this ticket was awaited or closed before");
    }
    awaited = true;
    awaitJobs();
    LoadedRanges ranges = finish();
    checkFailure();
    handedOut = true;
    ended(ranges);
    release(true);
    return ranges;
  }

  /** Hears of the end, before {@link #release}; the ranges are the caller's, if there are any. */
  void ended(@Nullable LoadedRanges ranges) {}

  private void awaitJobs() throws LoadException {
    awaitUntil(() -> left == 0);
    checkFailure();
  }

  /**
   * Waits until something is so, on any thread.
   *
   * @param condition is looked at under the lock of this, and when somebody notifies
   * @throws LoadException if a job failed or the ticket was stopped before it was so, or the load
   *     was cancelled or is late
   */
  final void awaitUntil(BooleanSupplier condition) throws LoadException {
    try {
      while (!isSoon(condition)) {
        monitor.checkpoint();
        Deadline deadline = monitor.deadline();
        if (deadline.hasPassed()) {
          throw new LoadCancelledException(
              file + ": not read within " + Amounts.duration(deadline.allowed()), true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException(file + ": the waiting thread was interrupted", false);
    }
  }

  /** Tells whether something is so; throws if it can't be so any more. */
  private synchronized boolean isSoon(BooleanSupplier condition)
      throws InterruptedException, LoadException {
    long nanos = Math.min(POLL_NANOS, monitor.deadline().remainingNanos());
    waitUntil(() -> condition.getAsBoolean() || stopped, nanos);
    if (condition.getAsBoolean()) {
      return true;
    }
    if (stopped) {
      throwFailure();
    }
    return false;
  }

  private void waitUntil(BooleanSupplier condition, long nanos) throws InterruptedException {
    long end = System.nanoTime() + nanos;
    for (long more = nanos; !condition.getAsBoolean() && more > 0; more = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, more);
    }
  }

  private synchronized void checkFailure() throws LoadException {
    if (failure != null || left > 0) {
      throwFailure();
    }
  }

  private void throwFailure() throws LoadException {
    switch (failure) {
      case null -> throw new LoadCancelledException(file + ": its ticket was stopped", false);
      case LoadException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new LoadException(file + ": " + failure, failure);
    }
  }

  @Override
  public final int stop(Deadline deadline) {
    return drain(deadline);
  }

  @Override
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    drain(null);
    if (!handedOut) {
      ended(null);
      release(false);
    }
  }

  /**
   * Runs no more jobs; returns how many still run at the deadline, if there is one. Interrupts are
   * noticed afterwards.
   */
  private synchronized int drain(@Nullable Deadline deadline) {
    stopped = true;
    notifyAll(); // whoever awaits the ticket can give up
    boolean interrupted = Thread.interrupted();
    while (running > 0 && (deadline == null || !deadline.hasPassed())) {
      try {
        waitUntil(() -> running == 0, deadline == null ? POLL_NANOS : deadline.remainingNanos());
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return running;
  }
}
