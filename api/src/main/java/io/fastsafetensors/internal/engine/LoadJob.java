// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.ExchangePlan;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One rank's share of one load: files are submitted to backends, received, and converted. Read it
 * from top to bottom, from {@link #run} on.
 */
final class LoadJob implements AutoCloseable {
  private static final Logger LOG = System.getLogger(LoadJob.class.getName());

  private final Backends backends;
  private final Headers headers;
  private final LoadEvents events;
  private final SharedContext context;
  private final LoadPlan plan;
  private final LoadOptions options;
  private final LoadNeeds needs;
  private final Conversion conversion;
  private final BoundedCall bounded;
  private final LoadMonitor monitor;
  private final List<LoadedFile> files = new ArrayList<>();
  private final FileReports reports = new FileReports();
  private final long start = System.nanoTime();
  private long receivedBytes;

  private Arrivals arrivals = Arrivals.UNHEARD;

  /** Rows that were taken while this rank read ahead. */
  private volatile @Nullable RowGathering begun;

  /** Makes the job; takes over the caller's hold of the device, and what the load needs. */
  LoadJob(LoadCall call, SharedContext context, LoadPlan plan, LoadNeeds needs) {
    this.backends = call.backends();
    this.headers = call.headers();
    this.events = call.events();
    this.context = context;
    this.plan = plan;
    this.options = call.options();
    this.needs = needs;
    this.conversion = needs.conversion();
    this.bounded = call.bounded();
    this.monitor =
        new LoadMonitor(
            options.progress(), plan.readBytes(), needs.reading(), bounded.signal(), events);
  }

  /**
   * What was loaded, and how.
   *
   * @param tensors the tensors; the receiver closes them
   * @param report what was done
   */
  record Result(LoadedTensors tensors, LoadReport report) {}

  /** Returns the device. */
  SharedContext context() {
    return context;
  }

  /** Returns who hears what the job does. */
  LoadEvents events() {
    return events;
  }

  /** Returns what ends the job. */
  StopSignal signal() {
    return bounded.signal();
  }

  /** Gives out each tensor once it is there, instead of all at the end; before the job runs. */
  ArrivingTensors arriving(LoadState state, Cancellation cancellation) {
    ArrivingTensors tensors = new ArrivingTensors(context, plan, conversion, state, cancellation);
    arrivals = tensors;
    return tensors;
  }

  /**
   * Has chunks of files read into the page cache, for this rank and others, and takes this rank's
   * rows of them; nothing else of them stays in memory of this process.
   */
  void readAhead(List<FilePlan> chunks) throws LoadException {
    monitor.expect(chunks.stream().mapToLong(FilePlan::bytes).sum());
    context.retain(); // for the thread that reads, which may be left behind
    begun = bounded.run(() -> readToCache(chunks), RowGathering::close, context::release);
  }

  private RowGathering readToCache(List<FilePlan> chunks) throws LoadException {
    IoOptions mapped = ioOptions().toBuilder().path(AccessPath.MAPPED).build();
    RowGathering rows = RowGathering.open(context, gathering(), plan.gathers());
    try (FilesInFlight reads =
        new FilesInFlight(backends, context, mapped, bounded.held(), needs.limits())) {
      rows.read(reads, chunks);
      return rows;
    } catch (Throwable e) {
      monitor.abandon(e);
      Cleanup.after(e, rows::close);
      throw e;
    }
  }

  /**
   * Loads every range of the plan; after an exception nothing is left, but what a file that hangs
   * may still write to.
   */
  Result run() throws LoadException {
    return FlightEvents.load(context.device(), plan, () -> runBounded(this::submitAndReceive));
  }

  /**
   * Loads this rank's parts out of chunks that the ranks read and give each other; all ranks call
   * it. After an exception nothing is left, and either all ranks have heard of it or the group has
   * failed.
   */
  Result exchange(Transport group, ExchangePlan exchange, Duration timeout) throws LoadException {
    PartExchange.Ending ending =
        new PartExchange.Ending(group, timeout, new AtomicBoolean(), bounded.held(), events);
    try {
      return FlightEvents.load(
          context.device(), plan, () -> runBounded(reads -> exchange(reads, exchange, ending)));
    } catch (Throwable e) {
      ending.tell(e);
      throw e;
    }
  }

  /** Reads and brings together what the plan has. */
  @FunctionalInterface
  private interface Reading {
    void from(FilesInFlight reads) throws LoadException;
  }

  private Result runBounded(Reading reading) throws LoadException {
    context.retain(); // for the thread that reads, which may be left behind
    return bounded.run(
        () -> readAndConvert(reading), result -> result.tensors().close(), this::letGo);
  }

  private void letGo() {
    needs.close();
    context.release();
  }

  private Result readAndConvert(Reading reading) throws LoadException {
    try {
      IoOptions ioOptions = ioOptions();
      try (FilesInFlight reads =
          new FilesInFlight(backends, context, ioOptions, bounded.held(), needs.limits())) {
        reads.tell(arrivals);
        read(reads, reading);
      }
      return new Result(new LoadedTensors(files, conversion), report(backends.reports()));
    } catch (Throwable e) {
      Cleanup.after(e, this::giveBack);
      monitor.throwListenerFailure();
      throw e;
    }
  }

  private void read(FilesInFlight reads, Reading reading) throws LoadException {
    try {
      reading.from(reads);
      monitor.throwListenerFailure();
    } catch (Throwable e) {
      monitor.abandon(e);
      arrivals.failed(e);
      Cleanup.after(e, this::giveBack); // before closing files, which waits for reads that hang
      throw e;
    }
  }

  /** Keeps as many files in flight as there is room for. */
  private void submitAndReceive(FilesInFlight reads) throws LoadException {
    Deque<FilePlan> left = new ArrayDeque<>(plan.files());
    while (!left.isEmpty()) {
      FilePlan next = arrivals.next(left);
      if (reads.hasRoom(next)) {
        left.remove(next);
        submit(reads, next);
      } else {
        receiveAndConvert(reads);
      }
    }
    while (!reads.isEmpty()) {
      receiveAndConvert(reads);
    }
    RowGathering before = begun;
    begun = null; // this thread's own from here on
    try (RowGathering rows =
        before == null ? RowGathering.open(context, gathering(), plan.gathers()) : before) {
      rows.finish(reads);
    }
  }

  private void exchange(FilesInFlight reads, ExchangePlan exchange, PartExchange.Ending ending)
      throws LoadException {
    try (PartExchange parts =
        new PartExchange(
            reads, context, gathering(), List.of(exchange), PartExchange.WINDOW, ending)) {
      receivedBytes = parts.run(exchange, plan.gathers());
    }
  }

  private void submit(FilesInFlight reads, FilePlan file) throws LoadException {
    monitor.checkpoint();
    String backend = reads.submit(file);
    headers.confirm(file, backend, backends, bounded.held());
  }

  private void receiveAndConvert(FilesInFlight reads) throws LoadException {
    monitor.checkpoint();
    FilesInFlight.Received received = reads.receive();
    files.add(received.file());
    reports.add(received, elapsed());
    log(received);
    convert(received.plan().tensors(), received.file());
    handOver(received.file());
  }

  private void handOver(LoadedFile file) {
    if (arrivals.take(file)) {
      files.remove(file);
    }
  }

  private void convert(List<WantedPart> parts, LoadedFile file) throws LoadException {
    if (conversion.isNeeded(parts)) {
      long start = System.nanoTime();
      needs.convert(file, context, parts);
      Conversion.tell(events, parts, System.nanoTime() - start);
    }
  }

  private RowGathering.Steps gathering() {
    return new RowGathering.Steps() {
      @Override
      public TensorBatch allocate(List<TensorSpec> specs) throws LoadException {
        return needs.gather(context, specs);
      }

      @Override
      public void submit(FilesInFlight reads, FilePlan chunk) throws LoadException {
        LoadJob.this.submit(reads, chunk);
      }

      @Override
      public void received(FilesInFlight.Received chunk) throws LoadException {
        monitor.checkpoint();
        reports.addChunk(chunk, elapsed());
        log(chunk);
      }

      @Override
      public void gathered(GatherPlan done, LoadedFile file) throws LoadException {
        files.add(file);
        reports.addTensors(done.file().source().path(), done.tensors().size(), done.bytes());
        convert(done.tensors(), file);
        handOver(file);
      }
    };
  }

  /** Frees what is read, and promised, before files that may hang are waited for. */
  private void giveBack() {
    Cleanup.all(() -> Cleanup.each(files, LoadedFile::release), needs::close);
    files.clear();
  }

  private IoOptions ioOptions() throws LoadException {
    return backends
        .reading(options, monitor)
        .memoryBudget(conversion.remainingBudget(plan, options.memoryBudget(), context.device()))
        .build();
  }

  private void log(FilesInFlight.Received received) {
    List<DeviceBuffer> buffers = received.ranges().buffers();
    LOG.log(
        Level.DEBUG,
        () ->
            "loaded: %s, %s tensors in %s buffer%s of %s bytes, %s us"
                .formatted(
                    received.plan().path(),
                    received.plan().tensors().size(),
                    buffers.size(),
                    buffers.size() == 1 ? "" : "s",
                    buffers.stream().mapToLong(DeviceBuffer::size).sum(),
                    elapsed().toNanos() / 1000));
  }

  /** Returns what was done so far; any thread may ask. */
  LoadReport report() {
    return report(List.of());
  }

  private LoadReport report(List<PluginReport> backends) {
    List<PluginReport> candidates =
        Stream.concat(context.candidates().stream(), backends.stream()).toList();
    return LoadReport.builder(context.device())
        .candidates(candidates)
        .conversions(conversion.report(plan))
        .files(reports.all())
        .bytes(plan.bytes())
        .elapsed(elapsed())
        .receivedBytes(receivedBytes)
        .build();
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Override
  public void close() {
    RowGathering left = begun;
    if (left != null) {
      left.close();
    }
    needs.close();
    context.release();
  }
}
