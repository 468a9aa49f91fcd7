// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.toolkit.io.ParallelTicket;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reads of all files of a session, interleaved. Threads take reads from two lanes; a thread
 * that finds nothing to do there finds out where the next reads belong. Thread-safe.
 */
final class PosixReadQueue implements AutoCloseable {
  /** How long a thread without work sleeps before it looks for itself; normally it is woken. */
  private static final long NAP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Lane storage;
  private final Lane memory;
  private final Deque<PosixTicket> unsorted = new ArrayDeque<>();
  private final Deque<ReadTask> unprepared = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private int preparing;
  private boolean closed;

  /**
   * Makes a queue.
   *
   * @param depth how many reads may wait for storage at a time
   * @param width how many may copy from the page cache at a time
   */
  PosixReadQueue(int depth, int width) {
    this.storage = new Lane(depth);
    this.memory = new Lane(width);
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
            Stream.of(storage, memory)
                .filter(this::canStart)
                .min(Comparator.comparingDouble(Lane::load));
        if (lane.isPresent()) {
          return lane.get().start();
        }
        if (!unprepared.isEmpty() && !storage.isStocked() && hasProcessor(preparing)) {
          prepareNext();
        } else if (!unsorted.isEmpty() && (memory.hasRoom() || storage.hasRoom())) {
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

  private boolean canStart(Lane lane) {
    return lane.canStart() && (lane == storage || hasProcessor(memory.busy()));
  }

  /**
   * Tells whether there is a processor to copy or to prepare with, of which so many do the same.
   * While storage is read one is left to it: where a virtual machine's disk is served by processors
   * of the machine's own share, reads lose a third of their speed if all are busy. But neither kind
   * of work waits for all of the other.
   */
  private boolean hasProcessor(int alike) {
    int spared = storage.isIdle() ? 0 : 1;
    return alike == 0 || memory.busy() + preparing < memory.bound() - spared;
  }

  /** Sorts one read of the file whose turn it is; without the lock while it asks the kernel. */
  private void sortNext() {
    PosixTicket ticket = unsorted.remove();
    FileRead read = ticket.unsorted.next();
    if (ticket.unsorted.hasNext()) {
      unsorted.add(ticket);
    }
    unlocked(
        ticket,
        () -> {
          ReadTask task = ticket.sort(read);
          put(task.usesStorage() ? unprepared::add : memory::add, task);
        });
  }

  /**
   * Prepares one read from storage, only as far ahead as storage takes: to do more would keep the
   * processors from those that are under way.
   */
  private void prepareNext() {
    ReadTask task = unprepared.remove();
    preparing++;
    unlocked(
        task.ticket(),
        () -> {
          task.ticket().prepare(task);
          put(storage::add, task);
        });
    preparing--;
    work.signal();
  }

  /** Does a job of a ticket besides its reads. */
  private void unlocked(PosixTicket ticket, ParallelTicket.Job job) {
    lock.unlock();
    try {
      ticket.run(() -> {
        ticket.add(1);
        job.run();
      });
    } finally {
      lock.lock();
    }
  }

  private void put(Consumer<ReadTask> place, ReadTask task) {
    lock.lock();
    try {
      place.accept(task);
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
