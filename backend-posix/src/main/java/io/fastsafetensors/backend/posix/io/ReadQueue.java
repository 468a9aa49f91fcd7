// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.Deadline;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The reads of all files of a session, interleaved. Threads take reads from two lanes; a thread
 * that finds nothing to do there finds out where the next reads belong. Thread-safe.
 */
final class ReadQueue implements AutoCloseable {
  /** How long a thread without work sleeps before it looks for itself; normally it is woken. */
  private static final long NAP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Lane storage;
  private final Lane memory;
  private final List<Lane> lanes;
  private final Deque<FileJob> unsorted = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition progress = lock.newCondition();
  private boolean closed;

  /**
   * Makes a queue.
   *
   * @param depth how many reads may wait for storage at a time
   * @param width how many may copy from the page cache at a time
   */
  ReadQueue(int depth, int width) {
    this.storage = new Lane(depth);
    this.memory = new Lane(width);
    this.lanes = List.of(storage, memory);
  }

  private Lane lane(ReadTask task) {
    return task.usesStorage() ? storage : memory;
  }

  /** Adds the reads of a file. */
  void add(FileJob job) {
    lock.lock();
    try {
      if (job.unsorted.hasNext()) {
        unsorted.add(job);
        work.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next read; null once the queue is closed. */
  @Nullable ReadTask take() throws InterruptedException {
    lock.lock();
    try {
      while (!closed) {
        Optional<Lane> lane =
            lanes.stream().filter(Lane::canStart).min(Comparator.comparingDouble(Lane::load));
        if (lane.isPresent()) {
          ReadTask task = lane.get().start();
          task.job().running++;
          return task;
        }
        if (!unsorted.isEmpty() && lanes.stream().anyMatch(Lane::hasRoom)) {
          sortNext();
        } else {
          work.awaitNanos(NAP_NANOS);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Sorts one read of the file whose turn it is; without the lock while it asks the kernel. */
  private void sortNext() {
    FileJob job = unsorted.remove();
    FileRead read = job.unsorted.next();
    if (job.unsorted.hasNext()) {
      unsorted.add(job);
    }
    job.running++;
    @Nullable ReadTask sorted = null;
    @Nullable Throwable failure = null;
    lock.unlock();
    try {
      sorted = job.sort(read);
    } catch (LoadException | RuntimeException | Error e) {
      failure = e;
    } finally {
      lock.lock();
    }
    end(job, failure);
    if (sorted != null && !job.stopped) {
      lane(sorted).add(sorted);
      work.signal();
    }
  }

  /** Notes the end of a read, and what went wrong with it. */
  void done(ReadTask task, @Nullable Throwable failure) {
    lock.lock();
    try {
      lane(task).end();
      task.job().remaining--;
      end(task.job(), failure);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  private void end(FileJob job, @Nullable Throwable failure) {
    job.running--;
    if (failure != null && job.failure == null) {
      job.failure = failure;
      drop(job);
    }
    if (job.isFinished() || job.stopped) {
      progress.signalAll();
    }
    if (job.running == 0 && job.whenIdle != null) {
      job.whenIdle.run();
    }
  }

  private void drop(FileJob job) {
    job.stopped = true;
    unsorted.remove(job);
    lanes.forEach(lane -> lane.removeAll(job));
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

  private boolean await(BooleanSupplier condition, Deadline deadline) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      if (progress.awaitNanos(deadline.remainingNanos()) <= 0) {
        return condition.getAsBoolean();
      }
    }
    return true;
  }

  /**
   * Waits until no thread is at a stopped file, whether interrupted or not, and then does
   * something; after the deadline the last thread at the file does it.
   *
   * @return whether it is done
   */
  boolean awaitIdle(FileJob job, Deadline deadline, Runnable then) {
    boolean interrupted = Thread.interrupted();
    lock.lock();
    try {
      while (job.running > 0 && !deadline.hasPassed()) {
        try {
          await(() -> job.running == 0, deadline);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (job.running > 0) {
        job.whenIdle = then;
        return false;
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    then.run();
    return true;
  }

  /** Ends the waiting of all threads. */
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
