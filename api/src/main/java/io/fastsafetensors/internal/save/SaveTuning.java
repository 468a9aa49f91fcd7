// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

/**
 * How files are written.
 *
 * @param fillers how many threads gather bytes, the calling one among them
 * @param writers how many blocks are written at a time; 0 has the calling thread write
 * @param memory how much memory blocks may take, in bytes
 * @param direct whether to write past the page cache where the file system allows
 */
public record SaveTuning(int fillers, int writers, long memory, boolean direct) {
  /** What a block is aligned to, in memory and in the file, and the least that is written. */
  public static final long ALIGNMENT = 4096;

  private static final long MOST_BLOCK = 8L << 20;
  private static final long LEAST_BLOCK = 64L << 10;

  /** Each filler may hold a block while others are written. */
  private int leastBlocks() {
    return fillers + 2;
  }

  /** Returns the size of a block, in bytes: a power of two. */
  public long blockBytes() {
    long share = Math.max(LEAST_BLOCK, memory / leastBlocks());
    return Math.min(MOST_BLOCK, Long.highestOneBit(share));
  }

  /** Returns how many blocks there may be. */
  int blocks() {
    return Math.clamp(memory / blockBytes(), leastBlocks(), 1 << 16);
  }
}
