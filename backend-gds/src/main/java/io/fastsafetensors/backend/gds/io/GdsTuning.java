// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;

/**
 * How large, and from which size on.
 *
 * @param blockBytes the size of a read by cuFile, a multiple of {@link #PAGE}
 * @param stagingBytes the most bytes that are staged at a time
 * @param smallest from how many adjacent bytes on cuFile reads them, at least a page
 * @param alignment what tensors are aligned to, in bytes; 0 is as well as it costs no device memory
 */
record GdsTuning(long blockBytes, long stagingBytes, long smallest, long alignment) {
  /** From which size on cuFile reads. */
  static final Option<Long> MIN_BYTES =
      Option.bytes("gds.min-bytes", 0, Long.MAX_VALUE)
          .defaultValue(1L << 20, "1 MiB")
          .describedAs("From how many adjacent bytes on cuFile reads; at least a page counts.");

  /** Whether device memory is registered. */
  static final Option<Boolean> REGISTER =
      Option.flag("gds.register")
          .defaultValue(true, "true")
          .describedAs("Whether device memory is registered with cuFile while it reads into it.");

  /** What cuFile wants all places in files and memory aligned to. */
  static final long PAGE = 4096;

  /** The widest loads of a GPU, and what its matrix units and their copies ask for. */
  private static final long ALIGNMENT = 16;

  /** Smaller ranges than this get no place of their own only for the alignment's sake. */
  private static final long ALIGNED_FROM = 64 << 10;

  static final int THREADS = 8;
  static final long BLOCK = 8 << 20;

  private static final long MOST_STAGED = 4 << 20;

  /** Chooses what the options leave open. */
  static GdsTuning of(IoOptions options, long blockBytes, long smallest) {
    boolean isSet = options.properties().containsKey(MIN_BYTES.name());
    return new GdsTuning(
        blockBytes,
        Math.min(blockBytes, MOST_STAGED),
        Math.max(PAGE, isSet ? options.property(MIN_BYTES) : smallest),
        options.alignment());
  }

  /**
   * Lays out ranges so that cuFile can read whole pages straight to their place; ranges that would
   * be misaligned there get a place of their own.
   */
  RangeLayout layout(RangePlan plan) {
    return RangeLayout.of(
        plan,
        alignment == 0
            ? Rules.builder()
                .alignment(ALIGNMENT)
                .alignFrom(ALIGNED_FROM)
                .maxGap(FileRead.MAX_GAP)
                .grain(PAGE)
                .build()
            : Rules.builder().alignment(alignment).maxGap(FileRead.MAX_GAP).grain(PAGE).build());
  }

  static long pagesDown(long bytes) {
    return bytes & -PAGE;
  }

  static long pagesUp(long bytes) {
    return Math.addExact(bytes, PAGE - 1) & -PAGE;
  }
}
