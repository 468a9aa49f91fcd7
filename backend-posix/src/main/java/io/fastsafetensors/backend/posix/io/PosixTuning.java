// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Provider.Option;

/**
 * How many, and how large.
 *
 * @param threads the most threads of a session
 * @param depth the most reads at a time that wait for storage
 * @param width the most reads at a time that copy from the page cache, which needs processors
 * @param blockBytes the size of a read, a multiple of {@link #GRAIN}
 * @param direct whether reads bypass the page cache
 * @param alignment what tensors are aligned to, in bytes; 0 is as well as it costs nothing
 * @param dropCache whether what this load brought into the page cache leaves it again
 */
record PosixTuning(
    int threads,
    int depth,
    int width,
    long blockBytes,
    DirectMode direct,
    long alignment,
    boolean dropCache) {
  /** Whether a load leaves the page cache as it was. */
  static final Option<Boolean> DROP_CACHE =
      Option.flag("posix.drop-cache")
          .describedAs(
              "Whether what a load brought into the page cache leaves it again: blocks of 4 MiB of"
                  + " which nothing was there before.");

  /** What all places in files and memory are aligned to where that is possible. */
  static final long GRAIN = 4096;

  /** Gaps up to this size are read along: a read of its own would cost more. */
  static final long MAX_GAP = 64 << 10;

  private static final long BLOCK = 4 << 20;
  private static final int LEAST_DEPTH = 8;
  private static final int MOST_DEPTH = 32;
  private static final int MOST_WIDTH = 16;

  /** Chooses for a machine of so many processors what the options leave open. */
  static PosixTuning of(IoOptions options, int processors) {
    int asked = options.threads();
    int width = Math.min(processors, MOST_WIDTH);
    int depth = Math.clamp(2L * processors, LEAST_DEPTH, MOST_DEPTH);
    long block = options.blockBytes() == 0 ? BLOCK : options.blockBytes();
    return new PosixTuning(
        asked == 0 ? depth + width : asked,
        asked == 0 ? depth : asked,
        asked == 0 ? width : Math.min(asked, processors),
        (block + GRAIN - 1) & -GRAIN,
        options.direct(),
        options.alignment(),
        options.property(DROP_CACHE));
  }
}
