// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What a load brings into the page cache, to be erased when it is over. */
final class CacheTrace {
  private final PageCache cache;
  private @Nullable BitSet empty;

  private CacheTrace(PageCache cache, @Nullable BitSet empty) {
    this.cache = cache;
    this.empty = empty;
  }

  /** Notes what is not cached now, if the trace is to be erased; before anything is read. */
  static CacheTrace start(PageCache cache, boolean erase) {
    return new CacheTrace(cache, erase ? cache.emptyCells() : null);
  }

  /** Drops what was not cached before. A second call does nothing. */
  void erase() {
    if (empty != null) {
      cache.drop(empty);
      empty = null;
    }
  }
}
