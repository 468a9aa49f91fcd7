// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.ChannelFile;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import io.fastsafetensors.toolkit.io.ReadTarget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pages of the file: one mapping from the first wanted byte to the last. Nothing is to be read.
 *
 * @param buffer the mapping
 * @param regions where the ranges are
 * @param span what is mapped
 * @param nanos how long that took
 */
record MappedRanges(DeviceBuffer buffer, List<Region> regions, Span span, long nanos)
    implements ReadTarget {
  static final Reason REASON = Reason.of("path.mapped", "mapped: no copy");

  /** The outcome of mapping a file. */
  sealed interface Outcome {
    /** The ranges are pages of the file. */
    record Mapped(MappedRanges target) implements Outcome {}

    /**
     * There is no mapping that serves.
     *
     * @param why why not
     * @param byFileSystem whether the file system has no mappings, or there is no room for one
     * @param cause what was thrown
     */
    record Refused(Reason why, boolean byFileSystem, @Nullable Exception cause)
        implements Outcome {}
  }

  /**
   * Maps a file's ranges.
   *
   * @param file the file
   * @param plan its ranges, not all of them empty
   * @param alignment what the address of every range has to be a multiple of; 0 if nothing
   * @return the ranges or, with nothing left behind, why not
   * @throws LoadException if the file changed, or this thread is interrupted
   */
  static Outcome map(ChannelFile file, RangePlan plan, long alignment) throws LoadException {
    Optional<FileChannel> channel = file.fileChannel();
    if (channel.isEmpty()) {
      return unmappable("the file system has no file channels", null);
    }
    RangeLayout layout = RangeLayout.of(plan, Rules.builder().maxGap(Long.MAX_VALUE).build());
    Span span = layout.spans().getFirst();
    long start = System.nanoTime();
    try {
      DeviceBuffer buffer = map(channel.get(), span);
      List<Region> regions = layout.regions(buffer);
      long nanos = System.nanoTime() - start;
      Optional<Region> misaligned =
          regions.stream()
              .filter(r -> alignment > 1 && r.bytes() > 0 && r.address() % alignment != 0)
              .findFirst();
      if (misaligned.isEmpty()) {
        return new Outcome.Mapped(new MappedRanges(buffer, regions, span, nanos));
      }
      buffer.close();
      return misaligned(span.fileOffset() + misaligned.get().offset(), alignment);
    } catch (ClosedByInterruptException e) {
      throw file.failure(span.fileOffset(), span.bytes(), "map", e);
    } catch (IOException | RuntimeException e) { // providers throw what they like
      file.checkUnchanged(); // a file that was cut can't be mapped either
      return unmappable(e.toString(), e);
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  private static DeviceBuffer map(FileChannel channel, Span span) throws IOException {
    Arena arena = Arena.ofShared();
    boolean mapped = false;
    try {
      MemorySegment memory = channel.map(MapMode.READ_ONLY, span.fileOffset(), span.bytes(), arena);
      mapped = true;
      return DeviceBuffer.ofHost(memory, arena::close);
    } finally {
      if (!mapped) {
        arena.close();
      }
    }
  }

  private static Outcome misaligned(long offset, long alignment) {
    Reason why =
        Reason.of(
                "mapping.misaligned",
                "has a range at byte {offset}, which no mapping aligns to {alignment}")
            .with("offset", offset)
            .with("alignment", alignment);
    return new Outcome.Refused(why, false, null);
  }

  private static Outcome unmappable(String error, @Nullable Exception cause) {
    Reason why = Reason.of("mapping.refused", "can't be mapped ({error})").with("error", error);
    return new Outcome.Refused(why, true, cause);
  }

  @Override
  public List<FileRead> reads() {
    return List.of();
  }

  @Override
  public List<Brought> arrived() {
    return List.of(Brought.of(FileRead.of(span), TransferPath.MAPPED, nanos));
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) {
    throw new IllegalStateException("nothing is to be read of a mapping: " + read);
  }

  @Override
  public Optional<Region> region(int range) {
    return Optional.of(regions.get(range));
  }

  @Override
  public List<DeviceBuffer> buffers() {
    return List.of(buffer);
  }

  @Override
  public void release(boolean handedOut) {
    if (!handedOut) {
      buffer.close();
    }
  }
}
