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
    MemorySegment straight = straight(job);
    MemorySegment bytes = straight == null ? gathered(job, block) : straight;
    job.assembly().put(job.from(), bytes, writing, () -> {});
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
        : memory.asSlice(job.from() - only.position(), job.to() - job.from());
  }

  private static MemorySegment gathered(FillJob job, MemorySegment block) throws IOException {
    MemorySegment bytes = block.asSlice(job.from() % block.byteSize(), job.to() - job.from());
    for (Extent extent : job.extents()) {
      long from = Math.max(job.from(), extent.position());
      MemorySegment part =
          bytes.asSlice(from - job.from(), Math.min(job.to(), extent.end()) - from);
      Content.Placed content = (Content.Placed) extent.content();
      named(extent, () -> content.read(from - extent.position(), part));
    }
    return bytes;
  }

  /** Gathers bytes in blocks that others write. */
  static void handOver(FillJob job, Run run) throws IOException {
    for (Extent extent : job.extents()) {
      long from = Math.max(job.from(), extent.position());
      long count = Math.min(job.to(), extent.end()) - from;
      named(
          extent,
          () -> {
            switch (extent.content()) {
              case Content.Placed placed -> run.put(from, placed, from - extent.position(), count);
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
