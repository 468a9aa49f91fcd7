// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
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
    /** Allocates memory for rows. */
    TensorBatch allocate(List<TensorSpec> specs) throws LoadException;

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
  static RowGathering open(SharedContext context, Steps steps, List<GatherPlan> plans)
      throws LoadException {
    RowGathering gathering = new RowGathering(context, steps);
    try {
      for (GatherPlan plan : plans) {
        List<TensorSpec> specs = plan.tensors().stream().map(TensorSpec::of).toList();
        Target target = new Target(plan, steps.allocate(specs));
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
        var _ = chunk.file().using(() -> target.rows.copy(chunk, context));
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
      steps.gathered(target.plan, LoadedFile.of(target.plan.file().index(), target.rows.batch()));
    }
  }

  /** Frees what was not handed over. */
  @Override
  public void close() {
    Cleanup.each(targets.values(), target -> target.rows.batch().close());
    targets.clear();
  }

  /** Where the rows of one file go, and how many of its chunks were copied. */
  private static final class Target {
    private final GatherPlan plan;
    private final RowTarget rows;
    private final int awaited;
    private int copied;
    private boolean isSubmitted;

    Target(GatherPlan plan, TensorBatch batch) {
      this.plan = plan;
      this.rows = new RowTarget(plan, batch);
      this.awaited = plan.chunks().size();
    }
  }
}
