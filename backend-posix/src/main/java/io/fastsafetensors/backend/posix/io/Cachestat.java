// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Libc;

/**
 * Asks by {@code cachestat}, which counts a file's own pages: Linux 6.5 and later, for who owns the
 * file or may write to it.
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
