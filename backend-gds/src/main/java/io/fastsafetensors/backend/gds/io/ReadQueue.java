// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.spi.Deadline;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The reads of all files of a session, a read of each file in turn. Thread-safe. */
final class ReadQueue implements AutoCloseable {
  /** How long a thread without work sleeps before it looks for itself; normally it is woken. */
  private static final long NAP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Deque<FileJob> waiting = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition progress = lock.newCondition();
  private boolean closed;

  /**
   * A read that somebody does.
   *
   * @param job its file
   * @param read the read
   */
  record Task(FileJob job, Read read) {}

  /** Adds the reads of a file. */
  void add(FileJob job) {
    lock.lock();
    try {
      if (job.pending.hasNext()) {
        waiting.add(job);
        work.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next read; null once the queue is closed. */
  @Nullable Task take() throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        FileJob job = waiting.poll();
        if (job == null) {
          work.awaitNanos(NAP_NANOS);
        } else {
          Task task = new Task(job, job.pending.next());
          job.running++;
          if (job.pending.hasNext()) {
            waiting.add(job);
          }
          return task;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Notes the end of a read, and what went wrong with it. */
  void done(Task task, @Nullable Throwable failure) {
    lock.lock();
    try {
      FileJob job = task.job();
      job.remaining--;
      job.running--;
      note(job, failure);
      progress.signalAll();
      if (job.running == 0 && job.whenIdle != null) {
        job.whenIdle.run();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Notes that something of a file went wrong after its read was done. */
  void fail(FileJob job, Throwable failure) {
    lock.lock();
    try {
      note(job, failure);
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void note(FileJob job, @Nullable Throwable failure) {
    if (failure != null && job.failure == null) {
      job.failure = failure;
      drop(job);
    }
  }

  private void drop(FileJob job) {
    job.stopped = true;
    waiting.remove(job);
  }

  /** Begins no more reads of a file. */
  void stop(FileJob job) {
    lock.lock();
    try {
      drop(job);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all reads of a file are done, or one failed.
   *
   * @return whether that was before the deadline
   * @throws InterruptedException if the thread is interrupted
   */
  boolean awaitFinished(FileJob job, Deadline deadline) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      return await(job::isFinished, deadline);
    } finally {
      lock.unlock();
    }
  }

  /** Returns what went wrong with a file; null if nothing. */
  @Nullable Throwable failure(FileJob job) {
    lock.lock();
    try {
      return job.failure;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until no thread is at a file any more, then runs something; if that is not before the
   * deadline, the last thread runs it.
   *
   * @return whether it was before the deadline
   */
  boolean awaitIdle(FileJob job, Deadline deadline, Runnable whenIdle) {
    boolean interrupted = Thread.interrupted();
    lock.lock();
    try {
      while (true) {
        try {
          if (await(() -> job.running == 0, deadline)) {
            whenIdle.run();
            return true;
          }
          job.whenIdle = whenIdle;
          return false;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean await(BooleanSupplier condition, Deadline deadline) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      if (progress.awaitNanos(deadline.remainingNanos()) <= 0) {
        return condition.getAsBoolean();
      }
    }
    return true;
  }

  /** Ends the threads that take reads. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
