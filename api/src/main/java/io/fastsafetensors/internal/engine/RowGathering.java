// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Copies rows that are apart in their files side by side. Chunks of the files are read ahead within
 * a window; their rows are copied, and their memory is freed, while later ones are read.
 */
final class RowGathering {
  /** How much of the files is in memory at a time besides the parts, in bytes. */
  static final long WINDOW = 48L << 20;

  private final FilesInFlight reads;
  private final SharedContext context;
  private final LoadNeeds needs;
  private final Steps steps;
  private final List<Target> open = new ArrayList<>();

  /** The target of each chunk that is being read, in the order of reading. */
  private final Deque<Target> waiting = new ArrayDeque<>();

  /** What the load does with chunks and files. */
  interface Steps {
    /** Has a chunk read. */
    void submit(FilePlan chunk) throws LoadException;

    /** Hears of a chunk that was read. */
    void received(FilesInFlight.Received chunk) throws LoadException;

    /** Takes over a file of which all rows are there. */
    void gathered(GatherPlan plan, LoadedFile file) throws LoadException;
  }

  RowGathering(FilesInFlight reads, SharedContext context, LoadNeeds needs, Steps steps) {
    this.reads = reads;
    this.context = context;
    this.needs = needs;
    this.steps = steps;
  }

  /** Gathers all; after an exception nothing is left of what was not handed over. */
  void run(List<GatherPlan> plans) throws LoadException {
    try {
      for (GatherPlan plan : plans) {
        Target target = new Target(plan, needs.gather(context, specs(plan)));
        open.add(target);
        for (FilePlan chunk : plan.chunks()) {
          while (!reads.hasRoom(chunk, WINDOW)) {
            copyNext();
          }
          steps.submit(chunk);
          waiting.add(target);
        }
      }
      while (!waiting.isEmpty()) {
        copyNext();
      }
    } catch (Throwable e) {
      Cleanup.after(e, () -> Cleanup.each(open, target -> target.batch.close()));
      throw e;
    }
  }

  private static List<TensorSpec> specs(GatherPlan plan) {
    return plan.tensors().stream().map(TensorSpec::of).toList();
  }

  private void copyNext() throws LoadException {
    FilesInFlight.Received chunk = reads.receive();
    Target target = waiting.remove();
    try {
      steps.received(chunk);
      var _ = chunk.file().using(() -> target.copy(chunk));
    } finally {
      chunk.file().release();
    }
    if (--target.chunks == 0) {
      open.remove(target);
      steps.gathered(target.plan, LoadedFile.of(target.plan.file().index(), target.batch));
    }
  }

  /** Where the rows of one file go. */
  private final class Target {
    private final GatherPlan plan;
    private final TensorBatch batch;
    private final Map<String, Integer> places = new HashMap<>();
    private int chunks;

    Target(GatherPlan plan, TensorBatch batch) {
      this.plan = plan;
      this.batch = batch;
      this.chunks = plan.chunks().size();
      for (WantedPart part : plan.tensors()) {
        places.put(part.name(), places.size());
      }
    }

    /** Copies the rows of a chunk; returns when they are there. */
    TensorBatch copy(FilesInFlight.Received chunk) throws LoadException {
      context.run(stream -> copy(chunk.plan().tensors(), chunk.ranges().regions(), stream));
      return batch;
    }

    private void copy(List<WantedPart> runs, List<Region> sources, DeviceStream stream)
        throws LoadException {
      for (int i = 0; i < runs.size(); i++) {
        Slice run = runs.get(i).slice();
        int place = Objects.requireNonNull(places.get(runs.get(i).name()));
        Gather.copy(
            plan.tensors().get(place).slice().within(run.begin(), run.end()),
            sources.get(i),
            run.begin(),
            batch.pieces().get(place).region(),
            stream);
      }
    }
  }
}
