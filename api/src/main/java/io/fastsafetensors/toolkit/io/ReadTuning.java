// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.spi.IoOptions;

/**
 * How many reads a session does at a time, and how large they are; immutable.
 *
 * @since 0.1
 */
public final class ReadTuning {
  /** What all places in files and memory are aligned to where that is possible, in bytes. */
  public static final long GRAIN = 4096;

  private final int threads;
  private final int depth;
  private final int width;
  private final long blockBytes;

  private ReadTuning(int threads, int depth, int width, long blockBytes) {
    this.threads = threads;
    this.depth = depth;
    this.width = width;
    this.blockBytes = Math.addExact(blockBytes, GRAIN - 1) & -GRAIN;
  }

  /**
   * Takes what the options of a load ask for, or else what suits the storage.
   *
   * @param options what {@link IoOptions#threads} and {@link IoOptions#blockBytes} of them say goes
   *     before the rest
   * @param depth how many reads may wait for storage at a time
   * @param width how many reads may keep a processor busy at a time, with copies from the page
   *     cache or with preparing memory
   * @param blockBytes the most bytes of a read
   * @return the numbers; the block is rounded up to a multiple of {@link #GRAIN}
   */
  public static ReadTuning of(IoOptions options, int depth, int width, long blockBytes) {
    int asked = options.threads();
    long block = options.blockBytes() == 0 ? blockBytes : options.blockBytes();
    return asked == 0
        ? new ReadTuning(depth + width, depth, width, block)
        : new ReadTuning(asked, asked, Math.min(asked, width), block);
  }

  /**
   * Takes what the options of a load ask for, or else what suits a reader whose reads all wait for
   * the same.
   *
   * @param options what {@link IoOptions#threads} and {@link IoOptions#blockBytes} of them say goes
   *     before the rest
   * @param threads how many reads are done at a time
   * @param blockBytes the most bytes of a read
   * @return the numbers; the block is rounded up to a multiple of {@link #GRAIN}
   */
  public static ReadTuning of(IoOptions options, int threads, long blockBytes) {
    int most = options.threads() == 0 ? threads : options.threads();
    long block = options.blockBytes() == 0 ? blockBytes : options.blockBytes();
    return new ReadTuning(most, most, most, block);
  }

  /** {@return the most threads of a session} */
  public int threads() {
    return threads;
  }

  /** {@return the most reads at a time that wait for storage} */
  public int depth() {
    return depth;
  }

  /** {@return the most reads at a time that keep a processor busy} */
  public int width() {
    return width;
  }

  /** {@return the most bytes of a read, a multiple of {@link #GRAIN}} */
  public long blockBytes() {
    return blockBytes;
  }
}
