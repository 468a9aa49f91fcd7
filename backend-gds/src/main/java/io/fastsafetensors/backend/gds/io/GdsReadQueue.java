// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The reads of all files of a session, a read of each file in turn. Thread-safe. */
final class GdsReadQueue implements AutoCloseable {
  /** How long a thread without work sleeps before it looks for itself; normally it is woken. */
  private static final long NAP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Deque<GdsTicket> waiting = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private boolean closed;

  /**
   * A read that somebody does.
   *
   * @param ticket its file
   * @param read the read
   */
  record Task(GdsTicket ticket, Read read) {}

  /** Adds the reads of a file. */
  void add(GdsTicket ticket) {
    lock.lock();
    try {
      if (ticket.pending.hasNext()) {
        waiting.add(ticket);
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
        GdsTicket ticket = waiting.poll();
        if (ticket == null) {
          work.awaitNanos(NAP_NANOS);
        } else {
          Task task = new Task(ticket, ticket.pending.next());
          if (ticket.pending.hasNext()) {
            waiting.add(ticket);
          }
          return task;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
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
