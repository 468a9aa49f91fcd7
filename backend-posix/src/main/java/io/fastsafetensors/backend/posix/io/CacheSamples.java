// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Libc;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Asks by {@code preadv2} with {@code RWF_NOWAIT} for a byte here and there: anybody may who can
 * read the file, where the file system has such reads.
 *
 * <p>A page that isn't there the kernel starts to read. So a cell is looked at once, at places that
 * differ from load to load, and no further than to the first page that is missing. One in a
 * thousand pages of a cold file gets read, and no later load takes these for all.
 */
final class CacheSamples implements CacheQuery {
  static final String NAME = "preadv2 with RWF_NOWAIT";

  /** What is looked at as a whole. */
  private static final long CELL = 4L << 20;

  private static final int SAMPLES = 4;
  private static final int CACHED = 1;
  private static final int MISSING = 2;

  private final Libc libc;
  private final int descriptor;
  private final long fileSize;

  /** What is known of each cell; 0 is nothing. */
  private final AtomicIntegerArray cells;

  CacheSamples(Libc libc, int descriptor, long fileSize) {
    this.libc = libc;
    this.descriptor = descriptor;
    this.fileSize = fileSize;
    this.cells = new AtomicIntegerArray(Math.toIntExact((fileSize + CELL - 1) / CELL));
  }

  @Override
  public long missing(long offset, long pages) {
    long begin = offset & -libc.pageSize();
    long end = begin + pages * libc.pageSize();
    long missing = 0;
    for (long at = begin; at < end; ) {
      long next = Math.min(end, (at / CELL + 1) * CELL);
      missing += isCached(Math.toIntExact(at / CELL)) ? 0 : (next - at) / libc.pageSize();
      at = next;
    }
    return missing;
  }

  private boolean isCached(int cell) {
    if (cells.get(cell) == 0) {
      cells.set(cell, look(cell) ? CACHED : MISSING);
    }
    return cells.get(cell) == CACHED;
  }

  /** Looks at a random place of each part of a cell; tells whether all are there. */
  private boolean look(int cell) {
    long begin = cell * CELL;
    long bytes = Math.min(CELL, fileSize - begin);
    for (int i = 0; i < SAMPLES; i++) {
      long from = begin + bytes * i / SAMPLES;
      long end = Math.max(from + 1, begin + bytes * (i + 1) / SAMPLES);
      if (libc.peek(descriptor, ThreadLocalRandom.current().nextLong(from, end)) != 1) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean isExact() {
    return false;
  }

  @Override
  public String describe() {
    return "page cache seen in samples by " + NAME;
  }
}
