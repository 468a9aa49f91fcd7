// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.StreamPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The steps of a stream that are under way: each is converted when all of it is there, and handed
 * over when those before it were.
 */
final class StreamSteps implements AutoCloseable {
  private final StreamJob.Setting setting;
  private final StreamWindow window;
  private final PlannedMemory memory;
  private final FileReports reports;
  private final Deque<Step> open = new ArrayDeque<>();

  StreamSteps(
      StreamJob.Setting setting, StreamWindow window, PlannedMemory memory, FileReports reports) {
    this.setting = setting;
    this.window = window;
    this.memory = memory;
    this.reports = reports;
  }

  /** Tensors that are given out together, from their first read on. */
  final class Step {
    private final StreamPlan.Step plan;
    private final List<LoadedFile> files = new ArrayList<>();
    private final List<RowTarget> rows = new ArrayList<>();
    private int awaited;
    private boolean isSubmitted;

    private Step(StreamPlan.Step plan) {
      this.plan = plan;
    }

    /** Allocates memory for rows that are copied from chunks. */
    RowTarget allocate(GatherPlan gather) throws LoadException {
      TensorBatch batch =
          StreamSteps.this.allocate(gather.tensors().stream().map(TensorSpec::of).toList());
      rows.add(new RowTarget(gather, batch));
      return rows.getLast();
    }

    void add(LoadedFile file) {
      files.add(file);
    }

    /** Notes that a read for it was submitted. */
    void awaits() {
      awaited++;
    }

    /** Notes that a read for it has arrived. */
    void arrived() throws LoadException {
      awaited--;
      handOver();
    }

    /** Notes that no more read is submitted for it. */
    void submitted() throws LoadException {
      isSubmitted = true;
      handOver();
    }

    private boolean isThere() {
      return isSubmitted && awaited == 0;
    }

    private void endRows() {
      for (RowTarget target : rows) {
        files.add(LoadedFile.of(target.plan().file().index(), target.batch()));
      }
      rows.clear();
    }

    private void convert() throws LoadException {
      Conversion conversion = setting.conversion();
      List<WantedPart> parts = parts();
      if (!conversion.isNeeded(parts)) {
        return;
      }
      for (LoadedFile file : files) {
        List<WantedPart> own = parts.stream().filter(part -> file.has(part.entry())).toList();
        if (conversion.isNeeded(own)) {
          long start = System.nanoTime();
          var _ =
              promised(
                  conversion.movedBytes(own),
                  () -> {
                    file.convert(setting.context(), own, conversion);
                    return file;
                  });
          Conversion.tell(setting.call().events(), own, System.nanoTime() - start);
        }
      }
    }

    private List<WantedPart> parts() {
      return plan.parts().of(setting.rank());
    }

    /** Makes the tensors holders of their memory, and has the room given back with the last. */
    private List<StreamedTensor> tensors() {
      List<Memory> memories = files.stream().flatMap(file -> file.memories().stream()).toList();
      AtomicInteger left = new AtomicInteger(memories.size() + 1);
      Runnable freed =
          () -> {
            if (left.decrementAndGet() == 0) {
              window.giveBack(plan.bytes());
            }
          };
      memories.forEach(held -> held.whenFreed(freed));
      List<StreamedTensor> tensors = parts().stream().map(this::tensor).toList();
      Cleanup.each(files, LoadedFile::release);
      freed.run();
      report();
      return tensors;
    }

    /** Reports the tensors file by file: there may be many of them. */
    private void report() {
      Map<Path, List<WantedPart>> byFile =
          parts().stream()
              .collect(Collectors.groupingBy(part -> part.entry().file().source().path()));
      byFile.forEach((path, parts) ->
          reports.addTensors(
              path,
              plan.isLast() ? parts.size() : 0,
              parts.stream().mapToLong(WantedPart::bytes).sum()));
    }

    private StreamedTensor tensor(WantedPart part) {
      LoadedFile file =
          files.stream().filter(each -> each.has(part.entry())).findFirst().orElseThrow();
      Piece piece = file.piece(part.entry());
      DType inMemory = piece.spec().dtype();
      long offset = plan.offset() * inMemory.bits() / part.dtype().bits();
      WantedPart whole = plan.whole() == null ? part : plan.whole();
      Path path = part.entry().file().source().path();
      return StreamedTensor.of(
          path,
          part.entry().info(),
          DefaultTensor.copy(piece),
          whole.shape(),
          offset,
          plan.isLast());
    }

    private void close() {
      Cleanup.all(
          () -> Cleanup.each(files, LoadedFile::release),
          () -> Cleanup.each(rows, target -> target.batch().close()),
          () -> window.giveBack(plan.bytes()));
    }
  }

  /** Begins a step, for which the window has room. */
  Step open(StreamPlan.Step plan) {
    Step step = new Step(plan);
    open.add(step);
    return step;
  }

  /** Returns the step that was begun last. */
  Step last() {
    return open.getLast();
  }

  private void handOver() throws LoadException {
    while (!open.isEmpty() && open.getFirst().isThere()) {
      Step step = open.getFirst();
      step.endRows();
      step.convert();
      open.removeFirst();
      window.put(step.tensors());
    }
  }

  /** Allocates memory for tensors that are not read to their place. */
  TensorBatch allocate(List<TensorSpec> specs) throws LoadException {
    long bytes = specs.stream().mapToLong(TensorSpec::bytes).sum();
    return promised(bytes, () -> TensorBatch.allocate(setting.context(), specs));
  }

  /** Allocates memory that was promised, if it is the host's. */
  private <T> T promised(long bytes, LostPages.Work<T, LoadException> work) throws LoadException {
    return setting.context().device().isCpu()
        ? memory.<T, LoadException>during(bytes, work::run)
        : work.run();
  }

  /** Frees what was not handed over. */
  @Override
  public void close() {
    List<Step> left = List.copyOf(open);
    open.clear();
    Cleanup.each(left, Step::close);
  }
}
