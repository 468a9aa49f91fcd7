// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.IoReason;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import org.jspecify.annotations.Nullable;

/** Gathers the bytes of jobs. */
final class Filler {
  private Filler() {}

  /**
   * Gathers bytes in a block and writes them.
   *
   * @param block has room for them
   */
  static void fill(FillJob job, MemorySegment block, Assembly.Writing writing) throws IOException {
    if (job.areRows()) {
      fillRows(job, block, writing);
      return;
    }
    MemorySegment straight = straight(job);
    MemorySegment bytes = straight == null ? gathered(job, block) : straight;
    job.assembly().put(job.from(), bytes, writing, () -> {});
  }

  private static void fillRows(FillJob job, MemorySegment block, Assembly.Writing writing)
      throws IOException {
    Extent extent = job.extents().getFirst();
    Content.Placed content = (Content.Placed) extent.content();
    MemorySegment bytes = block.asSlice(0, job.to() - job.from());
    named(extent, () -> content.read(extent.offset() + job.from(), bytes));
    writeRows(job.assembly(), extent, job.from(), bytes, writing);
  }

  /**
   * Writes rows that are side by side in memory.
   *
   * @param from where they start, counted in the extent's bytes
   * @param writing writes before it returns
   */
  static void writeRows(
      Assembly file, Extent extent, long from, MemorySegment bytes, Assembly.Writing writing)
      throws IOException {
    extent.runs(
        from,
        from + bytes.byteSize(),
        (position, at, count) ->
            file.put(position, bytes.asSlice(at - from, count), writing, () -> {}));
  }

  /** Memory that was just filled is written past the page cache faster than memory all over. */
  private static @Nullable MemorySegment straight(FillJob job) {
    Extent only = job.extents().getFirst();
    if (job.extents().size() > 1
        || job.assembly().file().alignment() > 1
        || !(only.content() instanceof Content.Placed placed)) {
      return null;
    }
    MemorySegment memory = placed.memory();
    return memory == null
        ? null
        : memory.asSlice(only.offset() + job.from() - only.position(), job.to() - job.from());
  }

  private static MemorySegment gathered(FillJob job, MemorySegment block) throws IOException {
    MemorySegment bytes = block.asSlice(job.from() % block.byteSize(), job.to() - job.from());
    for (Extent extent : job.extents()) {
      long from = Math.max(job.from(), extent.position());
      MemorySegment part =
          bytes.asSlice(from - job.from(), Math.min(job.to(), extent.end()) - from);
      Content.Placed content = (Content.Placed) extent.content();
      named(extent, () -> content.read(extent.offset() + from - extent.position(), part));
    }
    return bytes;
  }

  /** Gathers bytes in blocks that others write. */
  static void handOver(FillJob job, Run run) throws IOException {
    for (Extent extent : job.extents()) {
      long from = job.areRows() ? job.from() : Math.max(0, job.from() - extent.position());
      long to = job.areRows() ? job.to() : Math.min(job.to(), extent.end()) - extent.position();
      named(
          extent,
          () -> {
            switch (extent.content()) {
              case Content.Placed placed ->
                  extent.runs(
                      from,
                      to,
                      (position, at, count) ->
                          run.put(position, placed, extent.offset() + at, count));
              case Content.Pushed pushed -> push(pushed, extent, run);
              case Content.Arriving _ -> {}
            }
          });
    }
    run.flush();
  }

  private static void push(Content.Pushed pushed, Extent extent, Run run) throws IOException {
    ExtentChannel channel = new ExtentChannel(extent, run);
    pushed.writeTo(channel);
    channel.finish();
  }

  /** Says which tensor it is when its bytes can't be had. */
  private static void named(Extent extent, SaveThreads.Work work) throws IOException {
    try {
      work.run();
    } catch (SaveEndedException | ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("tensor " + extent.label() + ": " + IoReason.of(e), e);
    }
  }
}
