// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.host.DescriptorLimit;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The files of a checkpoint that are open: opened when first needed, and only so many at a time. Of
 * those that nobody uses the one whose last use is the longest ago is closed for another. A file in
 * use is never closed. Thread-safe.
 */
final class OpenFiles {
  private static final int MOST = 1024;

  /** A file takes two descriptors at most; as many as half of that are left to others. */
  private static final int DESCRIPTORS = 3;

  private final Opener opener;
  private final int most;
  private final Duration timeout;
  private final Slot[] slots;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final LinkedHashSet<Slot> idle = new LinkedHashSet<>();
  private int open;
  private volatile boolean closed;

  /** Opens files. */
  @FunctionalInterface
  interface Opener {
    OpenedFile open(CatalogFile file) throws LoadException;
  }

  /** What is known of a file; guarded by the lock. */
  private static final class Slot {
    private @Nullable OpenedFile file;
    private int users;
    private boolean opening;
  }

  /**
   * Opens nothing yet.
   *
   * @param files how many there are
   * @param most how many may be open at a time
   * @param timeout how long a use may wait for others to end
   * @param opener opens them
   */
  OpenFiles(int files, int most, Duration timeout, Opener opener) {
    this.opener = opener;
    this.most = most;
    this.timeout = timeout;
    this.slots = new Slot[files];
    for (int i = 0; i < files; i++) {
      slots[i] = new Slot();
    }
  }

  /** Returns how many files a process may have open. */
  static int openable() {
    return DescriptorLimit.read()
        .map(limit -> Math.clamp((limit.most() - limit.open()) / DESCRIPTORS, 1, MOST))
        .orElse(MOST);
  }

  /**
   * Takes a file for use; the caller gives it back.
   *
   * @throws LoadException if it can't be opened
   * @throws IllegalStateException if this is closed
   */
  OpenedFile take(CatalogFile file) throws LoadException {
    Slot slot = slots[file.index()];
    List<OpenedFile> evicted = new ArrayList<>(0);
    lock.lock();
    try {
      OpenedFile known = use(slot, file, evicted);
      if (known != null) {
        return known;
      }
    } finally {
      lock.unlock();
      evicted.forEach(OpenedFile::close);
    }
    return open(slot, file);
  }

  /** Returns the file if it is open; null if there is room for it and the caller has to open it. */
  private @Nullable OpenedFile use(Slot slot, CatalogFile file, List<OpenedFile> evicted)
      throws LoadException {
    @Nullable Deadline deadline = null;
    while (true) {
      checkOpen();
      if (slot.file != null) {
        if (slot.users++ == 0) {
          idle.remove(slot);
        }
        return slot.file;
      }
      if (!slot.opening && (open < most || evict(evicted))) {
        slot.opening = true;
        open++;
        return null;
      }
      deadline = deadline == null ? Deadline.after(timeout) : deadline;
      try {
        if (changed.awaitNanos(deadline.remainingNanos()) <= 0) {
          throw noRoom(file, true);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw noRoom(file, false);
      }
    }
  }

  private boolean evict(List<OpenedFile> evicted) {
    if (idle.isEmpty()) {
      return false;
    }
    Slot eldest = idle.removeFirst();
    if (eldest.file != null) {
      evicted.add(eldest.file);
    }
    eldest.file = null;
    open--;
    return true;
  }

  private LoadCancelledException noRoom(CatalogFile file, boolean timedOut) {
    String why =
        timedOut
            ? "the read took longer than " + Amounts.duration(timeout)
            : "the reading thread was interrupted";
    return new LoadCancelledException(
        "%s: %s waits for one of the %s files that may be open at a time"
            .formatted(why, file.source().path(), most),
        timedOut);
  }

  private OpenedFile open(Slot slot, CatalogFile file) throws LoadException {
    @Nullable OpenedFile opened = null;
    try {
      opened = opener.open(file);
      return opened;
    } finally {
      note(slot, opened);
    }
  }

  private void note(Slot slot, @Nullable OpenedFile opened) {
    lock.lock();
    try {
      slot.opening = false;
      slot.file = opened;
      slot.users = opened == null ? 0 : 1;
      open -= opened == null ? 1 : 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends a use. */
  void giveBack(CatalogFile file) {
    Slot slot = slots[file.index()];
    @Nullable OpenedFile ended = null;
    lock.lock();
    try {
      if (--slot.users == 0) {
        if (closed) {
          ended = slot.file;
          slot.file = null;
          open--;
        } else {
          idle.add(slot);
        }
        if (lock.hasWaiters(changed)) {
          changed.signalAll();
        }
      }
    } finally {
      lock.unlock();
    }
    if (ended != null) {
      ended.close();
    }
  }

  /** Returns how many files are open. */
  int count() {
    lock.lock();
    try {
      return open;
    } finally {
      lock.unlock();
    }
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this checkpoint is closed");
    }
  }

  /** Closes what nobody uses; the rest is closed when its last use ends. */
  void close() {
    List<OpenedFile> ended = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      while (evict(ended)) {}
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    Cleanup.each(ended, OpenedFile::close);
  }
}
