// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.save.FillJobs.FillJob;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the bytes of a job and hands them over. Thread-safe.
 *
 * @param blocks where they are gathered, unless they can be written from where they are
 */
record Filler(StagingBlocks blocks) {
  void fill(FillJob job) throws IOException {
    Extent first = job.extents().getFirst();
    if (first.content() instanceof Content.Pushed pushed) {
      push(job, first, pushed);
      return;
    }
    MemorySegment straight = job.extents().size() == 1 ? straight(job, first) : null;
    if (straight != null) {
      job.assembly().put(job.from(), straight, () -> {});
    } else {
      gather(job);
    }
  }

  private static @Nullable MemorySegment straight(FillJob job, Extent extent) {
    if (!(extent.content() instanceof Content.Placed placed)) {
      return null;
    }
    MemorySegment memory = placed.memory();
    long page = job.assembly().file().alignment();
    return memory == null || (memory.address() - extent.position()) % page != 0
        ? null
        : memory.asSlice(job.from() - extent.position(), job.to() - job.from());
  }

  private void gather(FillJob job) throws IOException {
    Run run = new Run(job.assembly(), blocks);
    for (Extent extent : job.extents()) {
      long from = Math.max(job.from(), extent.position());
      long count = Math.min(job.to(), extent.end()) - from;
      named(
          extent,
          () -> run.put(from, (Content.Placed) extent.content(), from - extent.position(), count));
    }
    run.flush();
  }

  private void push(FillJob job, Extent extent, Content.Pushed pushed) throws IOException {
    Run run = new Run(job.assembly(), blocks);
    ExtentChannel channel = new ExtentChannel(extent, run);
    named(
        extent,
        () -> {
          pushed.writeTo(channel);
          channel.finish();
        });
    run.flush();
  }

  /** Says which tensor it is when its bytes can't be had. */
  static void named(Extent extent, SaveThreads.Work work) throws IOException {
    try {
      work.run();
    } catch (SaveEndedException | ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("tensor " + extent.label() + ": " + IoReason.of(e), e);
    }
  }
}
