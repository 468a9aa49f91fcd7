// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the page cache answered of small parts of a file. To ask takes a good part of the time of a
 * small read: after many parts that were cached only some are asked for. Thread-safe.
 */
final class CacheAnswers {
  /** Parts up to this size are small; of larger ones samples of this size are looked at. */
  private static final long SMALL = 64 << 10;

  private static final int SAMPLES = 16;

  /** After so many in a row one in as many is asked for. */
  private static final int MANY = 16;

  private final PageCache cache;
  private final AtomicInteger inARow = new AtomicInteger();

  CacheAnswers(PageCache cache) {
    this.cache = cache;
  }

  /** Tells whether a part is cached, as far as known: all of it, or all but a few pages. */
  boolean holds(long offset, long bytes) {
    return bytes <= 4 * SMALL ? holdsSmall(offset, bytes) : holdsSamples(offset, bytes);
  }

  private boolean holdsSmall(long offset, long bytes) {
    int known = inARow.get();
    if (known >= MANY && ThreadLocalRandom.current().nextInt(MANY) > 0) {
      return true;
    }
    boolean holds = cache.holds(offset, bytes);
    inARow.set(holds ? Math.min(MANY, known + 1) : 0);
    return holds;
  }

  /** Looks at a random place of each sixteenth, and at the ends, up to the first that isn't. */
  private boolean holdsSamples(long offset, long bytes) {
    long last = offset + bytes - SMALL;
    boolean holds = cache.holds(offset, SMALL) && cache.holds(last, SMALL);
    for (int i = 0; i < SAMPLES && holds; i++) {
      long from = offset + (last - offset) / SAMPLES * i;
      long place = from + ThreadLocalRandom.current().nextLong((last - offset) / SAMPLES + 1);
      holds = cache.holds(place, SMALL);
    }
    return holds;
  }
}
