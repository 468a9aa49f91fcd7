// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Libc;

/** A way to ask which pages of a file are in the page cache. Thread-safe. */
interface CacheQuery extends AutoCloseable {
  /**
   * Returns how many pages of a part of the file are not cached.
   *
   * @param offset where the part starts
   * @param pages how many pages it has
   */
  long missing(long offset, long pages);

  /** Tells whether all pages are missing for sure where all are said to be. */
  boolean isExact();

  /** Says what is known and how, for operators. */
  String describe();

  @Override
  default void close() {}

  /** What is known of all pages of a file without asking. */
  enum FixedAnswer implements CacheQuery {
    /** The file is nothing but memory. */
    ALL_CACHED,
    /** No way tells: each page may be cached or not. */
    UNSEEN;

    @Override
    public long missing(long offset, long pages) {
      return this == ALL_CACHED ? 0 : pages;
    }

    @Override
    public boolean isExact() {
      return this == ALL_CACHED;
    }

    @Override
    public String describe() {
      return this == ALL_CACHED ? "all in memory" : "page cache not seen";
    }
  }

  /**
   * Asks by {@code cachestat}, which counts a file's own pages: Linux 6.5 and later, for who owns
   * the file or may write to it.
   *
   * @param libc the system
   * @param descriptor the open file
   */
  record Cachestat(Libc libc, int descriptor) implements CacheQuery {
    static final String NAME = "cachestat";

    @Override
    public long missing(long offset, long pages) {
      return pages - Math.max(0, libc.cachedPages(descriptor, offset, pages * libc.pageSize()));
    }

    @Override
    public boolean isExact() {
      return true;
    }

    @Override
    public String describe() {
      return "page cache seen by " + NAME;
    }
  }
}
