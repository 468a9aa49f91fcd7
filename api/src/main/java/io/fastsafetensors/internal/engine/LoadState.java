// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far a load is that goes on behind its buffer, and the lock for all that changes with it.
 * Thread-safe.
 */
final class LoadState {
  /** How late a load may end that has to: its reads may hang. */
  private static final Duration LATE = Duration.ofSeconds(10);

  private final StopSignal signal;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Throwable failure;
  private boolean begun;
  private boolean ended;

  /** Whether somebody has heard of the failure, or nobody wants to. */
  private boolean told;

  private volatile boolean closed;

  LoadState(StopSignal signal) {
    this.signal = signal;
  }

  /** Changes something that others wait for. */
  void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Looks at something that others change. */
  boolean is(BooleanSupplier condition) {
    lock.lock();
    try {
      return condition.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a file is read. */
  void begun() {
    change(() -> begun = true);
  }

  /** Notes what the load failed with, and stops it; only the first failure counts. */
  void failed(Throwable thrown) {
    signal.fail(thrown); // may be what another failure led to
    change(() -> failure = failure == null ? signal.failure() : failure);
  }

  /** Notes that the load has ended; if it failed, after {@link #failed}. */
  void ended() {
    change(() -> ended = true);
  }

  /**
   * Notes that the buffer is closed: who waits gives up, and what fails now nobody wants to know.
   */
  void closed() {
    change(() -> {
      told |= failure == null;
      closed = true;
    });
  }

  boolean isClosed() {
    return closed;
  }

  boolean hasFailed() {
    return is(() -> failure != null);
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  /**
   * Waits until something is so, or the load has failed.
   *
   * @throws IllegalStateException if the buffer is closed meanwhile
   */
  void await(BooleanSupplier condition) throws LoadException {
    lock.lock();
    try {
      while (failure == null && !condition.getAsBoolean()) {
        checkOpen();
        if (changed.awaitNanos(remainingNanos() + LATE.toNanos()) <= 0) {
          throw new LoadCancelledException("the load did not end when its time was over", true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException("the waiting thread was interrupted", false);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a file is read, or there is none.
   *
   * @throws LoadException what kept the load from beginning, as it was thrown; the load has ended
   */
  void awaitBegun() throws LoadException {
    await(() -> begun || ended);
    if (is(() -> !begun && failure != null)) {
      awaitEnd();
      throw BoundedCall.thrown(tell());
    }
  }

  /** Waits until the load has ended, and fails if it has failed. */
  void awaitAll() throws LoadException {
    checkOpen();
    await(() -> ended);
    check("a part of the files", () -> false);
  }

  /** Waits until the load has ended, however; not longer than its reads may hang. */
  void awaitEnd() {
    boolean interrupted = false;
    lock.lock();
    try {
      Deadline deadline = Deadline.after(LATE);
      while (!ended && !deadline.hasPassed()) {
        try {
          var _ = changed.awaitNanos(deadline.remainingNanos());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns how long to wait for ranks that may still have to wait for theirs. */
  Duration patience(Duration more) {
    return more.plus(LATE).plusNanos(remainingNanos());
  }

  private long remainingNanos() {
    return Math.min(signal.deadline().remainingNanos(), LoadCall.LONGEST_WAIT.toNanos());
  }

  /**
   * Fails if the load has failed and something was not there before.
   *
   * @param what the thing, for the message
   * @throws IllegalStateException if the buffer is closed
   */
  void check(String what, BooleanSupplier isThere) throws LoadException {
    checkOpen();
    if (is(() -> failure != null && !isThere.getAsBoolean())) {
      throw lacking(what, tell());
    }
  }

  /**
   * Throws what the load failed with, unless somebody heard of it or wanted the load to end.
   *
   * @throws UncheckedIOException with the failure
   */
  void tellFailure() {
    if (is(() -> failure != null && !told && !isWanted(failure))) {
      throw new UncheckedIOException(lacking("a part of the files", tell()));
    }
  }

  private static boolean isWanted(Throwable failure) {
    return failure instanceof LoadCancelledException e && !e.timedOut();
  }

  private Throwable tell() {
    lock.lock();
    try {
      told = true;
      return failure == null ? new AssertionError("no failure") : failure;
    } finally {
      lock.unlock();
    }
  }

  /** Makes an exception of its own for who waits: traces of threads don't mix. */
  private static LoadException lacking(String what, Throwable failure) {
    String message = what + " was not loaded: " + failure.getMessage();
    return failure instanceof LoadCancelledException e
        ? new LoadCancelledException(message, e)
        : new LoadException(message, failure);
  }
}
