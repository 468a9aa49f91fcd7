// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

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
