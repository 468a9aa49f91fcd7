// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;

/** The outcome of mapping a file: one mapping from the first wanted byte to the last, or none. */
sealed interface MappingOutcome {
  /** The ranges are pages of the file. */
  record Mapped(Span span, LoadedRanges ranges) implements MappingOutcome {}

  /** The ranges would not have the alignment asked for. */
  record Misaligned(Reason why) implements MappingOutcome {}

  /** The file system has no mappings, or there is no room for one. */
  record Unmappable(Reason why, Exception cause) implements MappingOutcome {}

  /**
   * Maps a file's ranges.
   *
   * @param file the file
   * @param plan its ranges, not all of them empty
   * @param alignment what the address of every range has to be a multiple of; 0 if nothing
   * @return the ranges or, with nothing left behind, why not
   * @throws LoadException if the file changed, or this thread is interrupted
   */
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  static MappingOutcome map(OpenFile file, RangePlan plan, long alignment) throws LoadException {
    RangeLayout layout = RangeLayout.of(plan, Rules.builder().maxGap(Long.MAX_VALUE).build());
    Span span = layout.spans().getFirst();
    Arena arena = Arena.ofShared();
    MappingOutcome result = null;
    try {
      MemorySegment memory = file.map(span, arena);
      result = check(layout, span, DeviceBuffer.ofHost(memory, arena::close), alignment);
    } catch (ClosedByInterruptException e) {
      throw file.failure(span.fileOffset(), span.bytes(), "map", e);
    } catch (IOException | UnsupportedOperationException e) {
      file.checkSize();
      result = new Unmappable(Reasons.unmappable(e), e);
    } finally {
      if (!(result instanceof Mapped)) {
        arena.close();
      }
    }
    return result;
  }

  private static MappingOutcome check(
      RangeLayout layout, Span span, DeviceBuffer buffer, long alignment) {
    List<Region> regions = layout.regions(buffer);
    for (Region region : regions) {
      if (alignment > 1 && region.bytes() > 0 && region.address() % alignment != 0) {
        long offset = span.fileOffset() + region.offset();
        return new Misaligned(Reasons.misaligned(offset, alignment));
      }
    }
    TransferStats stats =
        TransferStats.builder()
            .bytes(TransferPath.MAPPED, span.bytes())
            .reason(Reasons.MAPPED)
            .build();
    return new Mapped(span, LoadedRanges.of(List.of(buffer), regions, stats));
  }
}
