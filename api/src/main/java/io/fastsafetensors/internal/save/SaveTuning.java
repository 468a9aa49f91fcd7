// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

/**
 * How files are written.
 *
 * @param threads how many blocks are gathered and written at a time; 0 has the calling thread do
 *     all
 * @param sources how many sources are asked for their bytes at a time; 0 has the calling thread ask
 * @param memory how much memory blocks may take, in bytes
 * @param direct whether to write past the page cache where the file system allows
 */
public record SaveTuning(int threads, int sources, long memory, boolean direct) {
  /** What a block is aligned to, in memory and in the file, and the least that is written. */
  public static final long ALIGNMENT = 4096;

  private static final long MOST_BLOCK = 8L << 20;
  private static final long LEAST_BLOCK = 64L << 10;

  /** Each thread has a block, each source may hold one while another is written. */
  private int leastBlocks() {
    return threads + leastHandedOver();
  }

  private int leastHandedOver() {
    return sources + 2;
  }

  /** Returns the size of a block, in bytes: a power of two. */
  public long blockBytes() {
    long share = Math.max(LEAST_BLOCK, memory / leastBlocks());
    return Math.min(MOST_BLOCK, Long.highestOneBit(share));
  }

  /** Returns how many blocks there may be that one thread fills and another writes. */
  int handedOver() {
    return Math.clamp(memory / blockBytes() - threads, leastHandedOver(), 1 << 16);
  }
}
