// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
  private final Deque<PosixTicket> unsorted = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
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
  void add(PosixTicket ticket) {
    lock.lock();
    try {
      if (ticket.unsorted.hasNext()) {
        unsorted.add(ticket);
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
          return lane.get().start();
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
    PosixTicket ticket = unsorted.remove();
    FileRead read = ticket.unsorted.next();
    if (ticket.unsorted.hasNext()) {
      unsorted.add(ticket);
    }
    lock.unlock();
    try {
      ticket.run(() -> {
        ticket.add(1);
        ready(ticket.sort(read));
      });
    } finally {
      lock.lock();
    }
  }

  private void ready(ReadTask task) {
    lock.lock();
    try {
      lane(task).add(task);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Notes the end of a read, whether it was done or not. */
  void done(ReadTask task) {
    lock.lock();
    try {
      lane(task).end();
      work.signal();
    } finally {
      lock.unlock();
    }
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
