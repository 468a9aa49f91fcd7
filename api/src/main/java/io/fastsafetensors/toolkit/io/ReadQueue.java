// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.ByteRange;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reads of all files of a session, a read of each file in turn. A read passes three stages: its
 * path is chosen, it is prepared if it waits for storage, and it is ready in one of two lanes, for
 * storage or for processors, so that neither kind of read holds the other up. A thread takes a
 * ready read; if there is none it moves another read on. Reads that somebody {@linkplain #prefer
 * waits for} go first in every stage. Thread-safe.
 */
final class ReadQueue implements AutoCloseable {
  /** How long a thread without work sleeps before it looks for itself; normally it is woken. */
  private static final long NAP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Lane storage;
  private final Lane processors;
  private final Deque<FileTicket> undecided = new ArrayDeque<>();
  private final Deque<Wanted> wanted = new ArrayDeque<>();
  private final Line unprepared = new Line();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private int preparing;
  private boolean closed;

  /**
   * A read whose path is chosen.
   *
   * @param ticket its file
   * @param read what to read
   * @param path the way to go
   */
  record Task(FileTicket ticket, FileRead read, TransferPath path) {
    boolean usesStorage() {
      return path != TransferPath.CACHED;
    }
  }

  /** A read that somebody waits for, whose path nobody has chosen yet. */
  private record Wanted(FileTicket ticket, FileRead read) {}

  /** Tasks that are to be done one after the other, those first that somebody waits for. */
  private static final class Line {
    private final Deque<Task> wanted = new ArrayDeque<>();
    private final Deque<Task> others = new ArrayDeque<>();

    boolean isEmpty() {
      return wanted.isEmpty() && others.isEmpty();
    }

    int size() {
      return wanted.size() + others.size();
    }

    void add(Task task) {
      (task.ticket.waiting.isWanted(task.read) ? wanted : others).add(task);
    }

    Task remove() {
      return wanted.isEmpty() ? others.remove() : wanted.remove();
    }

    /** Moves tasks of a file on that somebody waits for from now on. */
    void prefer(FileTicket ticket) {
      Iterator<Task> all = others.iterator();
      while (all.hasNext()) {
        Task task = all.next();
        if (task.ticket == ticket && ticket.waiting.isWanted(task.read)) {
          wanted.add(task);
          all.remove();
        }
      }
    }

    Stream<Task> stream() {
      return Stream.concat(wanted.stream(), others.stream());
    }
  }

  /** Reads that wait for the same thing, of which a bounded number is done at a time. */
  private static final class Lane {
    private final int bound;
    private final Line ready = new Line();
    private int busy;

    Lane(int bound) {
      this.bound = bound;
    }

    boolean hasRoom() {
      return busy < bound;
    }

    boolean canStart() {
      return hasRoom() && !ready.isEmpty();
    }

    boolean isIdle() {
      return busy == 0 && ready.isEmpty();
    }

    boolean isUnwanted() {
      return ready.wanted.isEmpty();
    }

    /** Returns the share of the lane that is in use. */
    double load() {
      return (double) busy / bound;
    }

    Task start() {
      busy++;
      return ready.remove();
    }
  }

  /**
   * Makes a queue.
   *
   * @param depth how many reads may wait for storage at a time
   * @param width how many may keep a processor busy at a time
   */
  ReadQueue(int depth, int width) {
    this.storage = new Lane(depth);
    this.processors = new Lane(width);
  }

  private Lane lane(Task task) {
    return task.usesStorage() ? storage : processors;
  }

  /** Adds the reads of a file. */
  void add(FileTicket ticket) {
    lock.lock();
    try {
      if (ticket.waiting.hasNext()) {
        undecided.add(ticket);
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
        if (hasWanted()) {
          moveWantedOn();
          continue;
        }
        Optional<Lane> lane =
            Stream.of(storage, processors)
                .filter(this::canStart)
                .min(Comparator.comparing(Lane::isUnwanted).thenComparingDouble(Lane::load));
        if (lane.isPresent()) {
          return lane.get().start();
        }
        if (!unprepared.isEmpty() && !isStocked() && hasProcessor(preparing)) {
          prepareNext();
        } else if (!undecided.isEmpty() && (processors.hasRoom() || storage.hasRoom())) {
          choosePathOfNext();
        } else {
          work.awaitNanos(NAP_NANOS);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether a read that somebody waits for can be moved on to a lane. */
  private boolean hasWanted() {
    return !wanted.isEmpty() || (!unprepared.wanted.isEmpty() && hasProcessor(preparing));
  }

  private void moveWantedOn() {
    if (unprepared.wanted.isEmpty() || !hasProcessor(preparing)) {
      Wanted next = wanted.remove();
      choosePath(next.ticket, next.read);
    } else {
      prepareNext();
    }
  }

  /** Has bytes of a file read before others. */
  void prefer(FileTicket ticket, ByteRange range) {
    lock.lock();
    try {
      boolean waited = ticket.waiting.hasNext();
      ticket.waiting.prefer(range).forEach(read -> wanted.add(new Wanted(ticket, read)));
      if (waited && !ticket.waiting.hasNext()) {
        undecided.remove(ticket);
      }
      Stream.of(unprepared, storage.ready, processors.ready).forEach(line -> line.prefer(ticket));
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean canStart(Lane lane) {
    return lane.canStart() && (lane == storage || hasProcessor(processors.busy));
  }

  /** Tells whether as many reads are ready for storage as may be under way. */
  private boolean isStocked() {
    return storage.ready.size() >= storage.bound;
  }

  /**
   * Tells whether there is a processor for one more of a kind of work. While storage is read one is
   * left to it: where a virtual machine's disk is served by processors of the machine's own share,
   * reads lose a third of their speed if all are busy. But neither kind of work waits for all of
   * the other.
   *
   * @param alike how many do the same kind of work
   */
  private boolean hasProcessor(int alike) {
    int spared = storage.isIdle() ? 0 : 1;
    return alike == 0 || processors.busy + preparing < processors.bound - spared;
  }

  /** Takes a read of the file whose turn it is; without the lock while the file is asked. */
  private void choosePathOfNext() {
    FileTicket ticket = undecided.remove();
    FileRead read = ticket.waiting.next();
    if (ticket.waiting.hasNext()) {
      undecided.add(ticket);
    }
    choosePath(ticket, read);
  }

  private void choosePath(FileTicket ticket, FileRead read) {
    unlocked(
        ticket,
        () -> {
          Task task = new Task(ticket, read, ticket.choosePath(read));
          put(task.usesStorage() ? unprepared::add : processors.ready::add, List.of(task));
        });
  }

  /**
   * Prepares one read from storage, only as far ahead as storage takes: to do more would keep the
   * processors from those that are under way.
   */
  private void prepareNext() {
    Task task = unprepared.remove();
    preparing++;
    unlocked(
        task.ticket,
        () -> {
          List<FileRead> ready = task.ticket.prepare(task.read);
          task.ticket.add(ready.size() - 1L);
          put(
              storage.ready::add,
              ready.stream().map(read -> new Task(task.ticket, read, task.path)).toList());
        });
    preparing--;
    work.signal();
  }

  /** Does a job of a ticket besides its reads. */
  private void unlocked(FileTicket ticket, ParallelTicket.Job job) {
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

  private void put(Consumer<Task> place, List<Task> tasks) {
    lock.lock();
    try {
      tasks.forEach(place);
      if (tasks.size() == 1) {
        work.signal();
      } else {
        work.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Does a read that was taken; its ticket keeps what it throws. */
  void run(Task task) {
    task.ticket.run(() -> {
      if (task.usesStorage()) {
        task.ticket.bring(task.read, task.path);
      } else {
        for (FileRead read : task.ticket.prepare(task.read)) {
          task.ticket.bring(read, task.path);
        }
      }
    });
    lock.lock();
    try {
      lane(task).busy--;
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the waiting of all threads, and of whoever awaits a read that will not be done. */
  @Override
  public void close() {
    IllegalStateException over = new IllegalStateException("the session was closed");
    lock.lock();
    try {
      closed = true;
      undecided.forEach(ticket -> ticket.fail(over));
      wanted.forEach(read -> read.ticket.fail(over));
      Stream.of(unprepared, storage.ready, processors.ready)
          .flatMap(Line::stream)
          .forEach(task -> task.ticket.fail(over));
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
