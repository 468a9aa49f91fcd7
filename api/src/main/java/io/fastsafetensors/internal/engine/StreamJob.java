// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.ExchangePlan;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.StreamPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.internal.plan.WindowSizes;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream on this rank: step after step is submitted as long as the window has room, and
 * received, converted and handed over in the same order. All memory of a step is taken from the
 * window before anything of it is read, so that the oldest step always comes to its end. Read it
 * from top to bottom, from {@link #run} on.
 */
final class StreamJob implements AutoCloseable {
  private final Setting setting;
  private final StreamWindow window;
  private final LoadMonitor monitor;
  private final PlannedMemory memory;
  private final FileReports reports = new FileReports();
  private final Deque<StepInFlight> steps = new ArrayDeque<>();
  private final Deque<Read> reads = new ArrayDeque<>();
  private final PartExchange.Ending ending;
  private volatile long receivedBytes;
  private final long start = System.nanoTime();

  /**
   * What is streamed, where from and where to.
   *
   * @param planned what, in which steps
   * @param group the ranks
   * @param patience how long to wait for them
   * @param backends read the files
   * @param headers what they say
   * @param context the device
   * @param bounded what ends the stream
   */
  record Setting(
      StreamStart.Planned planned,
      Transport group,
      Duration patience,
      Backends backends,
      Headers headers,
      SharedContext context,
      BoundedCall bounded) {
    LoadOptions options() {
      return planned.load();
    }

    Conversion conversion() {
      return planned.conversion();
    }

    int rank() {
      return group.rank();
    }
  }

  /** Tensors that are given out together, from their first read on. */
  private final class StepInFlight {
    private final StreamPlan.Step step;
    private final List<LoadedFile> files = new ArrayList<>();
    private final List<TensorBatch> gathered = new ArrayList<>();
    private int awaited;
    private boolean isSubmitted;

    StepInFlight(StreamPlan.Step step) {
      this.step = step;
    }

    boolean isThere() {
      return isSubmitted && awaited == 0;
    }

    void close() {
      Cleanup.all(
          () -> Cleanup.each(files, LoadedFile::release),
          () -> Cleanup.each(gathered, TensorBatch::close),
          () -> window.giveBack(step.bytes()));
    }
  }

  /**
   * A run of reads that is under way.
   *
   * @param step which step it is for
   * @param rows where rows of it go; null if it is read to its place
   * @param held the room in the window that is free after it, in bytes
   */
  private record Read(StepInFlight step, @Nullable RowTarget rows, long held) {}

  StreamJob(Setting setting, StreamWindow window, PlannedMemory memory) {
    Distributed distributed = setting.planned.distributed();
    LoadPlan all =
        distributed.isRead()
            ? distributed.parts().plan(setting.rank())
            : distributed.plan(setting.rank());
    this.setting = setting;
    this.ending =
        new PartExchange.Ending(
            setting.group, setting.patience, new AtomicBoolean(), setting.bounded.held());
    this.window = window;
    this.memory = memory;
    this.monitor =
        new LoadMonitor(setting.options().progress(), all.readBytes(), memory, setting.bounded.signal());
  }

  /** Reads all; after an exception nothing is left but what was handed over. */
  LoadReport run() throws LoadException {
    try (FilesInFlight files =
        new FilesInFlight(
            setting.backends,
            setting.context,
            ioOptions(),
            setting.bounded.held(),
            FilesInFlight.Limits.of(window.size()))) {
      try {
        if (setting.planned.distributed().isRead()) {
          read(files);
        } else {
          exchange(files);
        }
        monitor.throwListenerFailure();
        return report();
      } catch (Throwable e) {
        monitor.abandon(e);
        Cleanup.after(e, this::close); // before files that hang are waited for
        monitor.throwListenerFailure();
        throw e;
      }
    }
  }

  private List<StreamPlan.Step> allSteps() {
    return setting.planned.plan().steps();
  }

  /** Tells the other ranks of a failure, if they wait for this one. */
  void tell(Throwable failure) {
    if (!setting.planned.distributed().isRead()) {
      ending.tell(failure);
    }
  }

  /** Brings steps together with the other ranks, each as soon as all ranks have room for it. */
  private void exchange(FilesInFlight files) throws LoadException {
    WindowSizes sizes = setting.planned.sizes();
    Distributed distributed = setting.planned.distributed();
    List<ExchangePlan> plans =
        allSteps().stream().map(step -> distributed.exchange(step.parts())).toList();
    take(sizes.chunks(), files);
    try (PartExchange parts =
        new PartExchange(
            files, setting.context, new Exchanged(), plans, sizes.chunksRead(), ending)) {
      for (int i = 0; i < plans.size(); i++) {
        StreamPlan.Step step = allSteps().get(i);
        take(step.bytes(), files);
        StepInFlight inFlight = new StepInFlight(step);
        steps.add(inFlight);
        LoadPlan mine = plans.get(i).of(step.parts().of(setting.rank()), setting.rank());
        receivedBytes = parts.run(plans.get(i), mine.gathers());
        setting.bounded.signal().restart();
        inFlight.isSubmitted = true;
        handOver();
      }
      ending.agree();
    } finally {
      window.giveBack(sizes.chunks());
    }
  }

  /** What is done with the chunks of an exchange, and what comes of them. */
  private final class Exchanged implements RowGathering.Steps {
    @Override
    public TensorBatch allocate(List<TensorSpec> specs) throws LoadException {
      return StreamJob.this.allocate(specs);
    }

    @Override
    public void submit(FilesInFlight files, FilePlan chunk) throws LoadException {
      start(chunk, files);
    }

    @Override
    public void received(FilesInFlight.Received chunk) throws LoadException {
      monitor.checkpoint();
      reports.addChunk(chunk, elapsed());
    }

    @Override
    public void gathered(GatherPlan done, LoadedFile file) {
      steps.getLast().files.add(file);
      reports.addTensors(done);
    }
  }

  /** Reads this rank's own parts. */
  private void read(FilesInFlight files) throws LoadException {
    for (StreamPlan.Step step : allSteps()) {
      submit(step, files);
    }
    while (!reads.isEmpty()) {
      receive(files);
    }
  }

  private void submit(StreamPlan.Step step, FilesInFlight files) throws LoadException {
    take(step.bytes(), files);
    StepInFlight inFlight = new StepInFlight(step);
    steps.add(inFlight);
    LoadPlan plan = step.parts().plan(setting.rank());
    for (FilePlan file : plan.files()) {
      submit(file, new Read(inFlight, null, 0), files);
    }
    for (GatherPlan gather : plan.gathers()) {
      RowTarget target = allocate(gather, inFlight);
      for (FilePlan chunk : gather.chunks()) {
        long held = WindowSizes.of(chunk);
        take(held, files);
        submit(chunk, new Read(inFlight, target, held), files);
      }
    }
    inFlight.isSubmitted = true;
    handOver();
  }

  /** Waits for room: by receiving what is under way, or else until tensors are closed. */
  private void take(long bytes, FilesInFlight files) throws LoadException {
    while (!window.tryTake(bytes)) {
      if (reads.isEmpty()) {
        window.take(bytes, setting.bounded.signal());
        return;
      }
      receive(files);
    }
  }

  private void submit(FilePlan plan, Read read, FilesInFlight files) throws LoadException {
    while (!files.hasRoom(plan)) {
      receive(files);
    }
    start(plan, files);
    read.step.awaited++;
    reads.add(read);
  }

  private void start(FilePlan plan, FilesInFlight files) throws LoadException {
    monitor.checkpoint();
    String backend = files.submit(plan);
    setting.headers.confirm(plan, backend, setting.backends, setting.bounded.held());
  }

  private RowTarget allocate(GatherPlan gather, StepInFlight step) throws LoadException {
    List<TensorSpec> specs = gather.tensors().stream().map(TensorSpec::of).toList();
    TensorBatch batch = allocate(specs);
    step.gathered.add(batch);
    return new RowTarget(gather, batch);
  }

  private TensorBatch allocate(List<TensorSpec> specs) throws LoadException {
    long bytes = specs.stream().mapToLong(TensorSpec::bytes).sum();
    return during(bytes, () -> TensorBatch.allocate(setting.context, specs));
  }

  /** Allocates memory that was promised, if it is the host's. */
  private <T> T during(long bytes, LostPages.Work<T, LoadException> work) throws LoadException {
    return setting.context.device().isCpu()
        ? memory.<T, LoadException>during(bytes, work::run)
        : work.run();
  }

  private void receive(FilesInFlight files) throws LoadException {
    monitor.checkpoint();
    FilesInFlight.Received received = files.receive();
    setting.bounded.signal().restart();
    Read read = reads.remove();
    RowTarget rows = read.rows;
    if (rows == null) {
      read.step.files.add(received.file());
      reports.add(received, elapsed());
    } else {
      try {
        reports.addChunk(received, elapsed());
        var _ = received.file().using(() -> rows.copy(received, setting.context));
      } finally {
        received.file().release();
        window.giveBack(read.held);
      }
    }
    read.step.awaited--;
    handOver();
  }

  /** Hands over the steps that are there, the oldest first. */
  private void handOver() throws LoadException {
    while (!steps.isEmpty() && steps.getFirst().isThere()) {
      StepInFlight step = steps.getFirst();
      for (TensorBatch batch : List.copyOf(step.gathered)) {
        step.files.add(LoadedFile.of(0, batch));
        step.gathered.remove(batch);
      }
      List<WantedPart> parts = step.step.parts().of(setting.rank());
      convert(step, parts);
      List<StreamedTensor> tensors = tensors(step, parts);
      steps.removeFirst();
      window.put(tensors);
    }
  }

  private void convert(StepInFlight step, List<WantedPart> parts) throws LoadException {
    if (!setting.conversion().isNeeded(parts)) {
      return;
    }
    for (LoadedFile file : step.files) {
      List<WantedPart> own = parts.stream().filter(part -> file.has(part.entry())).toList();
      if (setting.conversion().isNeeded(own)) {
        var _ =
            during(
                setting.conversion().movedBytes(own),
                () -> {
                  file.convert(setting.context, own, setting.conversion());
                  return file;
                });
      }
    }
  }

  /** Makes the tensors holders of their memory, and has the room given back with the last. */
  private List<StreamedTensor> tensors(StepInFlight step, List<WantedPart> parts) {
    List<Memory> memories = step.files.stream().flatMap(file -> file.memories().stream()).toList();
    AtomicInteger left = new AtomicInteger(memories.size() + 1);
    Runnable freed =
        () -> {
          if (left.decrementAndGet() == 0) {
            window.giveBack(step.step.bytes());
          }
        };
    memories.forEach(memory -> memory.whenFreed(freed));
    List<StreamedTensor> tensors = new ArrayList<>();
    for (WantedPart part : parts) {
      LoadedFile file =
          step.files.stream().filter(each -> each.has(part.entry())).findFirst().orElseThrow();
      Piece piece = file.piece(part.entry());
      DType inMemory = piece.spec().dtype();
      long offset = step.step.offset() * inMemory.bits() / part.dtype().bits();
      tensors.add(
          StreamedTensor.of(
              part.entry().info(), DefaultTensor.copy(piece), offset, step.step.isLast()));
    }
    Cleanup.each(step.files, LoadedFile::release);
    freed.run();
    return tensors;
  }

  private IoOptions ioOptions() {
    LoadOptions options = setting.options();
    return IoOptions.builder(monitor)
        .path(options.path())
        .direct(options.direct())
        .threads(options.threads())
        .blockBytes(options.blockBytes())
        .alignment(options.alignment())
        .properties(setting.backends.choice().properties())
        .build();
  }

  LoadReport report() {
    return LoadReport.builder(setting.context.device())
        .candidates(setting.context.candidates())
        .files(reports.all())
        .elapsed(elapsed())
        .receivedBytes(receivedBytes)
        .build();
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Frees what was not handed over. */
  @Override
  public void close() {
    List<StepInFlight> left = List.copyOf(steps);
    steps.clear();
    List<Read> begun = List.copyOf(reads);
    reads.clear();
    Cleanup.all(
        () -> Cleanup.each(left, StepInFlight::close),
        () -> begun.forEach(read -> window.giveBack(read.held)));
  }
}
