// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Asks by {@code mincore} for the pages that a mapping of the file would have. Nothing is read
 * through the mapping that is asked about. Where a page in each {@value #STRIDE} is there, all are
 * taken for cached; else each is counted.
 *
 * @param libc the system
 * @param address where the mapping starts in memory
 * @param bytes its size
 * @param samples whether to look at a page here and there first; else every page is looked at
 */
record Mincore(Libc libc, long address, long bytes, boolean samples) implements CacheQuery {
  static final String NAME = "mincore";

  /** How many pages are asked for in one call: 16 MiB in small ones. */
  private static final int PAGES = 4096;

  /** In what of so many pages one is looked at first: a look at each takes twenty times as long. */
  private static final int STRIDE = 256;

  private static final long LOWEST_BITS = 0x0101010101010101L;

  /** A byte for each page; one for each thread, so that no call allocates. */
  private static final ThreadLocal<MemorySegment> ANSWER =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(PAGES, Long.BYTES));

  /** Maps a part of a file that starts at a page. */
  static Mincore map(Libc libc, int descriptor, long offset, long bytes, boolean samples)
      throws ErrnoException {
    long address = ErrnoException.check("mmap", libc.mmap(bytes, descriptor, offset, false));
    return new Mincore(libc, address, bytes, samples);
  }

  /** Returns how many pages are there of those at the start of the mapping, up to one call. */
  long check() throws ErrnoException {
    int pages = (int) Math.min(PAGES, (bytes + libc.pageSize() - 1) / libc.pageSize());
    return ErrnoException.check("refused", cached(address, pages));
  }

  @Override
  public long missing(long offset, long pages) {
    long from = address + (offset & -libc.pageSize());
    return samples && pages > STRIDE && hasAllSamples(from, pages) ? 0 : count(from, pages);
  }

  /** Looks at random pages, one of each stride, up to the first that is missing. */
  private boolean hasAllSamples(long from, long pages) {
    for (long first = 0; first < pages; first += STRIDE) {
      long end = Math.min(pages, first + STRIDE);
      long page = ThreadLocalRandom.current().nextLong(first, end);
      if (cached(from + page * libc.pageSize(), 1) != 1) {
        return false;
      }
    }
    return true;
  }

  /** Counts the missing pages. */
  private long count(long from, long pages) {
    long missing = 0;
    for (long page = 0; page < pages; page += PAGES) {
      int count = (int) Math.min(PAGES, pages - page);
      missing += count - Math.max(0, cached(from + page * libc.pageSize(), count));
    }
    return missing;
  }

  /** Counts pages; answers a negated error number instead if the kernel refuses. */
  private long cached(long from, int pages) {
    MemorySegment answer = ANSWER.get();
    int words = (pages + Long.BYTES - 1) / Long.BYTES;
    answer.setAtIndex(ValueLayout.JAVA_LONG, words - 1, 0);
    int error = libc.mincore(from, (long) pages * libc.pageSize(), answer);
    if (error < 0) {
      return error;
    }
    long cached = 0;
    for (int i = 0; i < words; i++) {
      cached += Long.bitCount(answer.getAtIndex(ValueLayout.JAVA_LONG, i) & LOWEST_BITS);
    }
    return cached;
  }

  @Override
  public boolean isExact() {
    return true;
  }

  @Override
  public String describe() {
    return "page cache seen by " + NAME;
  }

  @Override
  public void close() {
    libc.munmap(address, bytes);
  }
}
