// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the page cache answered of parts of a file. To ask takes a good part of the time of a small
 * read: after many small parts that were cached only some are asked for; of large ones samples are.
 * Thread-safe.
 */
final class CacheAnswers {
  private static final long SMALL = 256 << 10;

  private static final long SAMPLE = 64 << 10;
  private static final long BYTES_OF_A_SAMPLE = 1 << 20;
  private static final int MOST_SAMPLES = 16;

  /** After so many small ones in a row one in as many is asked for. */
  private static final int MANY = 16;

  private final PageCache cache;
  private final AtomicInteger inARow = new AtomicInteger();

  CacheAnswers(PageCache cache) {
    this.cache = cache;
  }

  /** Tells whether a part is cached, as far as known: all of it, or all but a few pages. */
  boolean holds(long offset, long bytes) {
    return bytes <= SMALL ? holdsSmall(offset, bytes) : holdsSamples(offset, bytes);
  }

  private boolean holdsSmall(long offset, long bytes) {
    int known = inARow.get();
    if (known >= MANY && ThreadLocalRandom.current().nextInt(MANY) > 0) {
      return true;
    }
    boolean holds = cache.holds(offset, bytes);
    if (known < MANY || !holds) {
      inARow.set(holds ? known + 1 : 0);
    }
    return holds;
  }

  /** Looks at the ends, and at a random place of each of equal pieces, up to what isn't there. */
  private boolean holdsSamples(long offset, long bytes) {
    long last = offset + bytes - SAMPLE;
    boolean holds = cache.holds(offset, SAMPLE) && cache.holds(last, SAMPLE);
    long samples = Math.min(MOST_SAMPLES, bytes / BYTES_OF_A_SAMPLE);
    for (long i = 0; i < samples && holds; i++) {
      long piece = (last - offset) / samples;
      long place = offset + piece * i + ThreadLocalRandom.current().nextLong(piece + 1);
      holds = cache.holds(place, SAMPLE);
    }
    return holds;
  }
}
