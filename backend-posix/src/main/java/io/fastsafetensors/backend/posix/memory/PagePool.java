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
    fitting.ifPresent(this::forget);
    return fitting;
  }

  /**
   * Returns new memory, at the cost of what is kept if the system has no other.
   *
   * @throws ErrnoException if the system refuses
   */
  Block takeNew(long bytes) throws ErrnoException {
    long rounded = Math.addExact(bytes, Pages.HUGE - 1) & -Pages.HUGE;
    try {
      return new Block(pages.map(rounded), rounded);
    } catch (ErrnoException e) {
      if (giveUpKept() == 0) {
        throw e;
      }
      return new Block(pages.map(rounded), rounded);
    }
  }

  /** Takes memory back; pages that nobody touched would be taken for some that are there. */
  void give(Block block, boolean hasItsPages) {
    if (hasItsPages) {
      keep(block);
    } else {
      pages.unmap(block.address, block.bytes);
    }
  }

  /** Keeps memory, at the cost of what was kept longest; or returns it to the system. */
  private synchronized void keep(Block block) {
    kept.addLast(block);
    keptBytes += block.bytes;
    while (keptBytes > (closed ? 0 : bound)) {
      drop(block.bytes > bound ? block : kept.getFirst());
    }
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
