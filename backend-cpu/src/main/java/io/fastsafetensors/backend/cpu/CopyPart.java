// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.List;

/**
 * Ranges of a file that share a buffer. A file is copied in parts, because memory costs more time
 * to allocate than to fill, and several threads can allocate several buffers.
 *
 * @param layout where the ranges go
 */
record CopyPart(RangeLayout layout) {
  /** A new cache line, and what vectors of 64 bytes want. */
  private static final long LINE = 64;

  /** From this size on, a range out of line gets a read of its own: it costs next to nothing. */
  private static final long LINE_FROM = 64 << 10;

  /** Storage brings a page anyway. */
  private static final long MAX_GAP = 4 << 10;

  /** The most small reads in a batch, to ask often enough whether to go on. */
  private static final int BATCH_READS = 256;

  /**
   * Splits a plan.
   *
   * @param plan what to read
   * @param alignment what the address of every range has to be a multiple of; 0 if nothing
   * @param partBytes about how large a part is, unless a range is larger; none is smaller than half
   *     of it, unless the plan is
   * @return the parts, in the order of the file; together they have all ranges of the plan
   */
  static List<CopyPart> split(RangePlan plan, long alignment, long partBytes) {
    Rules rules =
        alignment == 0
            ? Rules.builder().alignment(LINE).alignFrom(LINE_FROM).maxGap(MAX_GAP).build()
            : Rules.builder().alignment(alignment).maxGap(MAX_GAP).build();
    List<ByteRange> ranges = plan.ranges();
    List<CopyPart> parts = new ArrayList<>();
    long least = partBytes / 2;
    long left = plan.bytes();
    long even = left / Math.max(1, Math.min(Math.ceilDiv(left, partBytes), left / least));
    int first = 0;
    long bytes = 0;
    for (int i = 0; i < ranges.size(); i++) {
      boolean full = bytes >= least && bytes + ranges.get(i).size() > even;
      if (full && left - bytes >= least) {
        parts.add(of(plan, first, i, rules));
        first = i;
        left -= bytes;
        bytes = 0;
      }
      bytes += ranges.get(i).size();
    }
    parts.add(of(plan, first, ranges.size(), rules));
    return parts;
  }

  private static CopyPart of(RangePlan plan, int from, int to, Rules rules) {
    List<ByteRange> ranges = plan.ranges().subList(from, to);
    return new CopyPart(RangeLayout.of(RangePlan.of(plan.file(), plan.fileSize(), ranges), rules));
  }

  /** Adds up the memory of parts. */
  static long bytes(List<CopyPart> parts) {
    return parts.stream().mapToLong(part -> part.layout().bytes()).reduce(0, Math::addExact);
  }

  /** Returns what the buffer's address has to be a multiple of. */
  long bufferAlignment() {
    return Math.max(LINE, layout.bufferAlignment());
  }

  /**
   * Splits the reads.
   *
   * @param blockBytes the most bytes of a read
   * @return batches of reads, about as much work each, in the order of the file
   */
  List<List<Span>> batches(long blockBytes) {
    List<Span> blocks = layout.blocks(blockBytes);
    List<List<Span>> batches = new ArrayList<>();
    int first = 0;
    long bytes = 0;
    for (int i = 0; i < blocks.size(); i++) {
      bytes += blocks.get(i).bytes();
      if (bytes >= blockBytes || i + 1 - first == BATCH_READS || i + 1 == blocks.size()) {
        batches.add(blocks.subList(first, i + 1));
        first = i + 1;
        bytes = 0;
      }
    }
    return batches;
  }
}
