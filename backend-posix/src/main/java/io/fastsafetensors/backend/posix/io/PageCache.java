// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.io.CacheQuery.FixedAnswer;
import io.fastsafetensors.backend.posix.libc.FileSystemType;
import io.fastsafetensors.backend.posix.libc.FileSystemType.Kind;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What of a file is in the page cache; how to ask is found out when first needed. Thread-safe. */
final class PageCache implements AutoCloseable {
  /** At most 1/32 of the pages may be missing for all to count as cached. */
  private static final long MISSING = 32;

  /** The unit in which it is remembered what was there before. */
  private static final long CELL = 4L << 20;

  private final Libc libc;
  private final int descriptor;
  private final long fileSize;
  private final FileSystemType type;
  private volatile CacheQueries.@Nullable Found found;

  /** Makes that of an open file, of a size in bytes. */
  PageCache(Libc libc, int descriptor, long fileSize) {
    this.libc = libc;
    this.descriptor = descriptor;
    this.fileSize = fileSize;
    this.type = FileSystemType.of(libc, descriptor);
  }

  private CacheQuery query() {
    CacheQueries.Found known = found;
    return known == null ? find() : known.query();
  }

  private synchronized CacheQuery find() {
    CacheQueries.Found known = found;
    if (known == null) {
      known = new CacheQueries(libc, descriptor, fileSize, type).find();
      found = known;
    }
    return known.query();
  }

  /** Tells whether anything tells what is cached. */
  boolean isSeen() {
    return query() != FixedAnswer.UNSEEN;
  }

  /**
   * Tells whether a mapping serves best though nobody knows what is cached: what is there costs
   * next to nothing, and the rest is read as fast as through the page cache. Not of a file that may
   * be far away, since a mapping whose pages can't be had any more ends the process.
   */
  boolean isBestMappedUnseen() {
    return !isSeen() && (type.kind() == Kind.LOCAL || type.kind() == Kind.OVERLAY);
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
    long pages = pages(offset, bytes);
    return pages == 0 ? 0 : query().missing(offset, pages);
  }

  /** Returns how many pages a part of the file has. */
  long pages(long offset, long bytes) {
    long end = Math.min(offset + bytes, fileSize);
    return end <= offset ? 0 : (end - 1) / libc.pageSize() - offset / libc.pageSize() + 1;
  }

  /** Tells whether a program serves the file, which may take as long as it likes. */
  boolean isBehindProgram() {
    return type.kind() == Kind.PROGRAM;
  }

  /** Tells whether another host or a program serves the file, or nobody knows who. */
  boolean isFarAway() {
    return switch (type.kind()) {
      case NETWORK, PROGRAM, UNKNOWN -> true;
      case LOCAL, MEMORY, OVERLAY -> false;
    };
  }

  /** Keeps the kernel from reading ahead of what is read. */
  void expectRandomReads() {
    libc.fadvise(descriptor, 0, 0, FileAdvice.RANDOM);
  }

  int pageSize() {
    return libc.pageSize();
  }

  /** Finds the cells of the file of which nothing is cached; none if that is not known for sure. */
  BitSet emptyCells() {
    BitSet empty = new BitSet();
    for (long cell = 0; cell * CELL < fileSize && query().isExact(); cell++) {
      long pages = pages(cell * CELL, CELL);
      empty.set(Math.toIntExact(cell), missingPages(cell * CELL, CELL) == pages);
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

  /** Says where the file is, and, if that was asked, how its pages are seen or why they aren't. */
  String describe() {
    CacheQueries.Found known = found;
    if (known == null) {
      return "on " + type;
    }
    String why =
        known.query() == FixedAnswer.UNSEEN ? " (" + String.join("; ", known.refusals()) + ")" : "";
    return "on " + type + ", " + known.query().describe() + why;
  }

  @Override
  public void close() {
    CacheQueries.Found known = found;
    if (known != null) {
      known.query().close();
    }
  }
}
