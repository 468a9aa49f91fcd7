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
   * Returns the bytes of a job where they are, if they may be written from there: memory that was
   * just filled is written past the page cache faster than memory all over.
   */
  static @Nullable MemorySegment straight(FillJob job) {
    Extent only = job.extents().getFirst();
    if (job.extents().size() > 1
        || job.areRows()
        || job.assembly().file().alignment() > 1
        || !(only.content() instanceof Content.Placed placed)) {
      return null;
    }
    MemorySegment memory = placed.memory();
    return memory == null
        ? null
        : memory.asSlice(only.offset() + job.from() - only.position(), job.to() - job.from());
  }

  /**
   * Gathers bytes that are placed.
   *
   * @param block has room for them
   * @return what they take of it, side by side
   */
  static MemorySegment gather(FillJob job, MemorySegment block) throws IOException {
    long size = job.to() - job.from();
    if (job.areRows()) {
      MemorySegment rows = block.asSlice(0, size);
      read(job.rows(), job.from(), rows);
      return rows;
    }
    boolean areRuns = job.extents().stream().allMatch(Extent::isRun);
    long room = areRuns ? block.byteSize() : block.byteSize() / 2;
    MemorySegment bytes = block.asSlice(job.from() % room, size);
    for (Extent extent : job.extents()) {
      long from = extent.bytesBefore(job.from());
      long to = extent.bytesBefore(job.to());
      if (from < to && extent.isRun()) {
        read(extent, from, bytes.asSlice(extent.position() + from - job.from(), to - from));
      } else if (from < to) {
        spread(extent, from, block.asSlice(room, to - from), bytes, job.from());
      }
    }
    return bytes;
  }

  /** Reads rows at once, and copies each to its place: from a device each would take long. */
  private static void spread(
      Extent extent, long from, MemorySegment rows, MemorySegment target, long position)
      throws IOException {
    read(extent, from, rows);
    extent.runs(
        from,
        from + rows.byteSize(),
        (place, at, count) -> MemorySegment.copy(rows, at - from, target, place - position, count));
  }

  private static void read(Extent extent, long from, MemorySegment target) throws IOException {
    Content.Placed content = (Content.Placed) extent.content();
    named(extent, () -> content.read(extent.offset() + from, target));
  }

  /** Has a source give its bytes, in blocks that others write. */
  static void push(FillJob job, Run run) throws IOException {
    for (Extent extent : job.extents()) {
      if (extent.content() instanceof Content.Pushed pushed) {
        named(extent, () -> push(pushed, extent, run));
      }
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
