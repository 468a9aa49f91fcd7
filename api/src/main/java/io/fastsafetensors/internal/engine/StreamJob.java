// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.ExchangePlan;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.StreamPlan;
import io.fastsafetensors.internal.plan.WindowSizes;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream on this rank: step after step is submitted as long as the window has room, and
 * received, converted and handed over in the same order. All memory of a step is taken from the
 * window before anything of it is read, so that the oldest step always comes to its end. Read it
 * from top to bottom, from {@link #run} on.
 */
final class StreamJob implements AutoCloseable {
  /** From here on the backend's own blocks are no more than a small part of the window. */
  private static final long LARGE_WINDOW = 256L << 20;

  private static final int BLOCKS = 64;
  private static final long LEAST_BLOCK = 64 << 10;

  private final Setting setting;
  private final StreamWindow window;
  private final LoadMonitor monitor;
  private final FileReports reports = new FileReports();
  private final StreamSteps steps;
  private final List<ConversionReport> conversions;
  private final Deque<Read> reads = new ArrayDeque<>();
  private final PartExchange.Ending ending;
  private volatile long receivedBytes;
  private final long start = System.nanoTime();

  /**
   * What is streamed, where from and where to.
   *
   * @param planned what, in which steps
   * @param call where from, and what ends it
   * @param context where to
   */
  record Setting(StreamStart.Planned planned, LoadCall call, SharedContext context) {
    LoadOptions options() {
      return planned.load();
    }

    Conversion conversion() {
      return planned.conversion();
    }

    int rank() {
      return call.group().rank();
    }
  }

  /**
   * A run of reads that is under way.
   *
   * @param step which step it is for
   * @param rows where rows of it go; null if it is read to its place
   * @param held the room in the window that is free after it, in bytes
   */
  private record Read(StreamSteps.Step step, @Nullable RowTarget rows, long held) {}

  StreamJob(Setting setting, StreamWindow window, PlannedMemory memory) {
    Distributed distributed = setting.planned.distributed();
    LoadPlan all =
        distributed.isRead()
            ? distributed.parts().plan(setting.rank())
            : distributed.plan(setting.rank());
    this.setting = setting;
    this.ending =
        new PartExchange.Ending(
            setting.call.group(),
            setting.call.patience(),
            new AtomicBoolean(),
            setting.call.bounded().held(),
            setting.call.events());
    this.conversions = setting.conversion().report(all);
    this.window = window;
    this.steps = new StreamSteps(setting, window, memory, reports);
    this.monitor =
        new LoadMonitor(
            setting.options().progress(),
            all.readBytes(),
            memory,
            setting.call.bounded().signal(),
            setting.call.events());
  }

  /** Reads all; after an exception nothing is left but what was handed over. */
  LoadReport run() throws LoadException {
    try (FilesInFlight files =
        new FilesInFlight(
            setting.call.backends(),
            setting.context,
            ioOptions(),
            setting.call.bounded().held(),
            FilesInFlight.Limits.of(window.size()))) {
      try {
        if (setting.planned.distributed().isRead()) {
          read(files);
        } else {
          exchange(files);
        }
        monitor.throwListenerFailure();
        LoadReport made = report();
        setting.call.events().ended(setting.planned.distributed().reported(made));
        return made;
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

  /** Tells of a failure: who listens, and the other ranks, if they wait for this one. */
  void tell(Throwable failure) {
    setting.call.events().failed(failure);
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
        monitor.checkpoint();
        take(step.bytes(), files);
        StreamSteps.Step inFlight = steps.open(step);
        LoadPlan mine = plans.get(i).of(step.parts().of(setting.rank()), setting.rank());
        receivedBytes = parts.run(plans.get(i), mine.gathers());
        setting.call.bounded().signal().restart();
        inFlight.submitted();
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
      return steps.allocate(specs);
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
      steps.last().add(file);
    }
  }

  /** Reads this rank's own parts: the first by themselves, so that they don't wait for others. */
  private void read(FilesInFlight files) throws LoadException {
    boolean isFirst = true;
    for (StreamPlan.Step step : allSteps()) {
      submit(step, files);
      while (isFirst && !reads.isEmpty()) {
        receive(files);
      }
      isFirst = false;
    }
    while (!reads.isEmpty()) {
      receive(files);
    }
  }

  private void submit(StreamPlan.Step step, FilesInFlight files) throws LoadException {
    take(step.bytes(), files);
    StreamSteps.Step inFlight = steps.open(step);
    LoadPlan plan = step.parts().plan(setting.rank());
    for (FilePlan file : plan.files()) {
      submit(file, new Read(inFlight, null, 0), files);
    }
    for (GatherPlan gather : plan.gathers()) {
      RowTarget target = inFlight.allocate(gather);
      for (FilePlan chunk : gather.chunks()) {
        long held = WindowSizes.of(chunk);
        take(held, files);
        submit(chunk, new Read(inFlight, target, held), files);
      }
    }
    inFlight.submitted();
  }

  /** Waits for room: by receiving what is under way, or else until tensors are closed. */
  private void take(long bytes, FilesInFlight files) throws LoadException {
    while (!window.tryTake(bytes)) {
      if (reads.isEmpty()) {
        awaitRoom(bytes);
        return;
      }
      receive(files);
    }
  }

  private void awaitRoom(long bytes) throws LoadException {
    long start = System.nanoTime();
    window.take(bytes, setting.call.bounded().signal());
    setting.call.events().done(Kind.ROOM_AWAITED, null, 0, System.nanoTime() - start);
  }

  private void submit(FilePlan plan, Read read, FilesInFlight files) throws LoadException {
    while (!files.hasRoom(plan)) {
      receive(files);
    }
    start(plan, files);
    read.step.awaits();
    reads.add(read);
  }

  private void start(FilePlan plan, FilesInFlight files) throws LoadException {
    monitor.checkpoint();
    String backend = files.submit(plan);
    setting
        .call
        .headers()
        .confirm(plan, backend, setting.call.backends(), setting.call.bounded().held());
  }

  private void receive(FilesInFlight files) throws LoadException {
    monitor.checkpoint();
    FilesInFlight.Received received = files.receive();
    setting.call.bounded().signal().restart();
    Read read = reads.remove();
    RowTarget rows = read.rows;
    if (rows == null) {
      read.step.add(received.file());
      reports.addChunk(received, elapsed());
    } else {
      try {
        reports.addChunk(received, elapsed());
        var _ = received.file().using(() -> rows.copy(received, setting.context));
      } finally {
        received.file().release();
        window.giveBack(read.held);
      }
    }
    read.step.arrived();
  }

  private IoOptions ioOptions() {
    LoadOptions options = setting.options();
    return setting
        .call
        .backends()
        .reading(options, monitor)
        .blockBytes(blockBytes(options))
        .build();
  }

  /** Blocks on their way, such as those of a staging ring, are small where the window is. */
  private long blockBytes(LoadOptions options) {
    boolean isChosen = options.blockBytes() > 0 || window.size() >= LARGE_WINDOW;
    return isChosen ? options.blockBytes() : Math.max(LEAST_BLOCK, window.size() / BLOCKS);
  }

  LoadReport report() {
    return LoadReport.builder(setting.context.device())
        .candidates(setting.context.candidates())
        .files(reports.all())
        .bytes(reports.tensorBytes())
        .conversions(conversions)
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
    List<Read> begun = List.copyOf(reads);
    reads.clear();
    Cleanup.all(steps::close, () -> begun.forEach(read -> window.giveBack(read.held)));
  }
}
