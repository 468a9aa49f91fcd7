// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies rows that are apart in their files side by side. Chunks of the files are read ahead within
 * a window; their rows are copied, and their memory is freed, while later ones are read.
 */
final class RowGathering implements AutoCloseable {
  /** How much of the files is in memory at a time besides the parts, in bytes. */
  static final long WINDOW = 48L << 20;

  private final SharedContext context;
  private final Steps steps;

  /** Where the rows of files go that are not complete, by the file's number. */
  private final Map<Integer, Target> targets = new LinkedHashMap<>();

  /** What the load does with chunks and files. */
  interface Steps {
    /** Has a chunk read. */
    void submit(FilesInFlight reads, FilePlan chunk) throws LoadException;

    /** Hears of a chunk that was read. */
    void received(FilesInFlight.Received chunk) throws LoadException;

    /** Takes over a file of which all rows are there. */
    void gathered(GatherPlan plan, LoadedFile file) throws LoadException;
  }

  private RowGathering(SharedContext context, Steps steps) {
    this.context = context;
    this.steps = steps;
  }

  /** Allocates memory for the rows of some files. */
  static RowGathering open(
      SharedContext context, LoadNeeds needs, Steps steps, List<GatherPlan> plans)
      throws LoadException {
    RowGathering gathering = new RowGathering(context, steps);
    try {
      for (GatherPlan plan : plans) {
        List<TensorSpec> specs = plan.tensors().stream().map(TensorSpec::of).toList();
        Target target = gathering.new Target(plan, needs.gather(context, specs));
        gathering.targets.put(plan.file().index(), target);
      }
      return gathering;
    } catch (Throwable e) {
      Cleanup.after(e, gathering::close);
      throw e;
    }
  }

  /**
   * Has chunks read, and takes their rows.
   *
   * @param reads reads them
   * @param chunks the chunks, of which all memory is free afterwards
   */
  void read(FilesInFlight reads, List<FilePlan> chunks) throws LoadException {
    for (FilePlan chunk : chunks) {
      while (!reads.hasRoom(chunk, WINDOW)) {
        copyNext(reads);
      }
      steps.submit(reads, chunk);
    }
    while (!reads.isEmpty()) {
      copyNext(reads);
    }
  }

  /** Reads what is left to read, and hands over each file when its rows are there. */
  void finish(FilesInFlight reads) throws LoadException {
    targets.values().forEach(target -> target.copied = 0);
    for (Target target : List.copyOf(targets.values())) {
      for (FilePlan chunk : target.plan.chunks()) {
        while (!reads.hasRoom(chunk, WINDOW)) {
          copyNext(reads);
        }
        steps.submit(reads, chunk);
      }
      target.isSubmitted = true;
      handOver(target);
    }
    while (!reads.isEmpty()) {
      copyNext(reads);
    }
  }

  private void copyNext(FilesInFlight reads) throws LoadException {
    FilesInFlight.Received chunk = reads.receive();
    @Nullable Target target = targets.get(chunk.plan().file().index());
    try {
      steps.received(chunk);
      if (target != null) {
        var _ = chunk.file().using(() -> target.copy(chunk));
      }
    } finally {
      chunk.file().release();
    }
    if (target != null) {
      target.copied++;
      handOver(target);
    }
  }

  private void handOver(Target target) throws LoadException {
    if (target.isSubmitted && target.copied >= target.awaited && targets.values().remove(target)) {
      steps.gathered(target.plan, LoadedFile.of(target.plan.file().index(), target.batch));
    }
  }

  /** Frees what was not handed over. */
  @Override
  public void close() {
    Cleanup.each(targets.values(), target -> target.batch.close());
    targets.clear();
  }

  /** Where the rows of one file go. */
  private final class Target {
    private final GatherPlan plan;
    private final TensorBatch batch;
    private final Map<String, Integer> places = new HashMap<>();
    private final int awaited;

    /** How many of the plan's chunks were copied. */
    private int copied;

    private boolean isSubmitted;

    Target(GatherPlan plan, TensorBatch batch) {
      this.plan = plan;
      this.batch = batch;
      this.awaited = plan.chunks().size();
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
        @Nullable Integer place = places.get(runs.get(i).name());
        if (place != null) {
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
}
