// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.ErrnoException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps memory that was given back, up to a bound, for the next load: to touch memory for the first
 * time costs more than to read into it. Thread-safe.
 */
final class PagePool implements AutoCloseable {
  private final Pages pages;
  private final long bound;
  private final Deque<Block> kept = new ArrayDeque<>();
  private long keptBytes;
  private long usedBytes;

  /** How much may be kept for those who asked for it, together with what they use. */
  private long wantedBytes;

  /** How much was in use before they asked. */
  private long othersBytes;

  private int keepers;

  private boolean closed;

  /**
   * Memory.
   *
   * @param address where it starts, at a huge page
   * @param bytes how much, in whole huge pages
   */
  record Block(long address, long bytes) {}

  PagePool(Pages pages, long bound) {
    this.pages = pages;
    this.bound = bound;
  }

  Pages pages() {
    return pages;
  }

  /** Returns the smallest kept block that is large enough and would not be idle by a quarter. */
  synchronized Optional<Block> takeKept(long bytes) {
    Optional<Block> fitting =
        kept.stream()
            .filter(block -> block.bytes >= bytes && block.bytes - bytes <= block.bytes / 4)
            .min(Comparator.comparingLong(Block::bytes));
    fitting.ifPresent(block -> {
      forget(block);
      usedBytes += block.bytes;
    });
    return fitting;
  }

  /**
   * Returns new memory, at the cost of what is kept if the system has no other.
   *
   * @throws ErrnoException if the system refuses
   */
  Block takeNew(long bytes) throws ErrnoException {
    long rounded = Math.addExact(bytes, Pages.HUGE - 1) & -Pages.HUGE;
    use(rounded);
    try {
      return new Block(map(rounded), rounded);
    } catch (ErrnoException | RuntimeException | Error e) {
      use(-rounded);
      throw e;
    }
  }

  private long map(long bytes) throws ErrnoException {
    try {
      return pages.map(bytes);
    } catch (ErrnoException e) {
      if (giveUpKept() == 0) {
        throw e;
      }
      return pages.map(bytes);
    }
  }

  /** Counts memory as in use, which may leave less to be kept. */
  private synchronized void use(long bytes) {
    usedBytes += bytes;
    dropSurplus();
  }

  /**
   * Keeps memory for somebody who allocates and frees again and again: no more than that, with what
   * is in use from now on, and nothing for others meanwhile.
   *
   * @return ends this, when it is run for the first time
   */
  synchronized Runnable keepFor(long bytes) {
    long others = keepers == 0 ? usedBytes : 0;
    keepers++;
    wantedBytes += bytes;
    othersBytes += others;
    dropSurplus();
    AtomicBoolean ended = new AtomicBoolean();
    return () -> {
      if (ended.compareAndSet(false, true)) {
        endKeeping(bytes);
      }
    };
  }

  private synchronized void endKeeping(long bytes) {
    keepers--;
    wantedBytes -= bytes;
    othersBytes = keepers == 0 ? 0 : othersBytes;
    dropSurplus();
  }

  private void dropSurplus() {
    while (keptBytes > most()) {
      drop(kept.getFirst());
    }
  }

  /** Returns how much may be kept. */
  private long most() {
    if (closed) {
      return 0;
    }
    return keepers == 0 ? bound : Math.clamp(wantedBytes + othersBytes - usedBytes, 0, wantedBytes);
  }

  /** Takes memory back; pages that nobody touched would be taken for some that are there. */
  void give(Block block, boolean hasItsPages) {
    if (!hasItsPages || !keep(block)) {
      pages.unmap(block.address, block.bytes);
      use(-block.bytes);
    }
  }

  /** Keeps memory, at the cost of what was kept longest; tells whether there is room for it. */
  private synchronized boolean keep(Block block) {
    usedBytes -= block.bytes;
    if (block.bytes > most()) {
      usedBytes += block.bytes;
      return false;
    }
    kept.addLast(block);
    keptBytes += block.bytes;
    dropSurplus();
    return true;
  }

  /** Returns what is kept to the system; tells how much it was, in bytes. */
  synchronized long giveUpKept() {
    long before = keptBytes;
    while (!kept.isEmpty()) {
      drop(kept.getFirst());
    }
    return before;
  }

  private void drop(Block block) {
    forget(block);
    pages.unmap(block.address, block.bytes);
  }

  private void forget(Block block) {
    kept.remove(block);
    keptBytes -= block.bytes;
  }

  /** Returns what is kept to the system; what is given later goes there at once. */
  @Override
  public synchronized void close() {
    closed = true;
    giveUpKept();
  }
}
