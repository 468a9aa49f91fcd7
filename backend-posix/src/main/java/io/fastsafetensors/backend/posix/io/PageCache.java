// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.FileAdvice;
import io.fastsafetensors.backend.posix.libc.Libc;
import java.util.BitSet;

/**
 * What of a file is in the page cache.
 *
 * @param libc the system
 * @param descriptor the open file
 * @param fileSize its size in bytes
 */
record PageCache(Libc libc, int descriptor, long fileSize) {
  /** How many of the pages of something may be missing: one in so many. */
  private static final long MISSING = 32;

  /** The unit in which it is remembered what was there before. */
  private static final long CELL = 4L << 20;

  /** Tells whether the kernel tells what is cached; those that do are of Linux 6.5 and later. */
  boolean isTold() {
    return libc.cachedPages(descriptor, 0, 1) >= 0;
  }

  /** Tells whether a part of the file is cached, all but a few pages; false if that is unknown. */
  boolean holds(long offset, long bytes) {
    return areFew(missingPages(offset, bytes), pages(offset, bytes));
  }

  /** Tells whether so many missing pages are few enough for all to count as cached. */
  static boolean areFew(long missing, long pages) {
    return missing <= pages / MISSING;
  }

  /** Returns how many pages of a part of the file are not cached; all if that is unknown. */
  long missingPages(long offset, long bytes) {
    return pages(offset, bytes) - Math.max(0, libc.cachedPages(descriptor, offset, bytes));
  }

  /** Returns how many pages a part of the file has. */
  long pages(long offset, long bytes) {
    long end = Math.min(offset + bytes, fileSize);
    return end <= offset ? 0 : (end - 1) / libc.pageSize() - offset / libc.pageSize() + 1;
  }

  /** Finds the cells of the file of which nothing is cached; none if that is unknown. */
  BitSet emptyCells() {
    BitSet empty = new BitSet();
    for (long cell = 0; cell * CELL < fileSize; cell++) {
      empty.set(Math.toIntExact(cell), libc.cachedPages(descriptor, cell * CELL, CELL) == 0);
    }
    return empty;
  }

  /** Lets the kernel read a part of the file in one go, whatever its readahead is set to. */
  void prefetch(long offset, long bytes) {
    libc.fadvise(descriptor, offset, bytes, FileAdvice.WILL_NEED);
  }

  /** Drops cells from the cache. */
  void drop(BitSet cells) {
    for (int from = cells.nextSetBit(0); from >= 0; ) {
      int end = cells.nextClearBit(from);
      libc.fadvise(descriptor, from * CELL, (end - from) * CELL, FileAdvice.DONT_NEED);
      from = cells.nextSetBit(end);
    }
  }
}
