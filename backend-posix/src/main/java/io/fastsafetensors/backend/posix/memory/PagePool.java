// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.ErrnoException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Optional;

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

  /** How much may be in use and kept together, for those who asked for it. */
  private long wantedBytes;

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

  /** Lets more, or less, be in use and kept together. */
  synchronized void keepMore(long bytes) {
    wantedBytes += bytes;
    dropSurplus();
  }

  private void dropSurplus() {
    long most = closed ? 0 : Math.max(bound, wantedBytes - usedBytes);
    while (keptBytes > most) {
      drop(kept.getFirst());
    }
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
    long most = Math.max(bound, wantedBytes - usedBytes + block.bytes);
    if (closed || block.bytes > most) {
      return false;
    }
    kept.addLast(block);
    keptBytes += block.bytes;
    usedBytes -= block.bytes;
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
