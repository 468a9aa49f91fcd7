// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

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
}
