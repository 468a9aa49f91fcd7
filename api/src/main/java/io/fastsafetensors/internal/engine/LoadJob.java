// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.registry.BackendChoice;
import io.fastsafetensors.internal.registry.Candidates;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.TransferStats;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * One rank's share of one load: plan, backend, session, tickets, ranges, files. Read {@link #run}
 * from top to bottom.
 */
final class LoadJob {
  private static final Logger LOG = System.getLogger(LoadJob.class.getName());

  private final Registry registry;
  private final OpenDevice on;
  private final SharedContext context;
  private final LoadPlan plan;
  private final LoadOptions options;
  private final LoadNeeds needs;
  private final Conversion conversion;
  private final BoundedCall bounded;
  private final LoadMonitor monitor;
  private final List<LoadedFile> files = new ArrayList<>();
  private final List<FileReport> reports = new ArrayList<>();
  private final long start = System.nanoTime();

  /** Whether the work began, or never will: what it holds is let go of once. */
  private final AtomicBoolean begun = new AtomicBoolean();

  /** Makes the job, which closes what the load needs when it ends. */
  LoadJob(
      Registry registry,
      OpenDevice on,
      LoadPlan plan,
      LoadOptions options,
      LoadNeeds needs,
      BoundedCall bounded) {
    this.registry = registry;
    this.on = on;
    this.context = on.context();
    this.plan = plan;
    this.options = options;
    this.needs = needs;
    this.conversion = needs.conversion();
    this.bounded = bounded;
    this.monitor =
        new LoadMonitor(options.progress(), plan.bytes(), needs.reading(), bounded.signal());
  }

  /**
   * What was loaded, and how.
   *
   * @param tensors the tensors; the receiver closes them
   * @param report what was done
   */
  record Result(LoadedTensors tensors, LoadReport report) {}

  /**
   * Loads every range of the plan; after an exception nothing is left, but what a file that hangs
   * may still write to.
   */
  Result run() throws LoadException {
    context.retain(); // by the thread that loads, which may be left behind
    try {
      return FlightEvents.load(
          context.device(), plan, () -> bounded.run(this::loadAndLetGo, r -> r.tensors().close()));
    } catch (Throwable e) {
      if (begun.compareAndSet(false, true)) {
        letGo();
      }
      throw e;
    }
  }

  private Result loadAndLetGo() throws LoadException {
    if (!begun.compareAndSet(false, true)) {
      throw new LoadCancelledException("the load was over before it began", false);
    }
    try {
      return load();
    } finally {
      letGo();
    }
  }

  private void letGo() {
    needs.close();
    context.release();
  }

  private Result load() throws LoadException {
    try {
      BackendChoice choice = BackendChoice.of(registry.options().complete(options));
      Candidates<IoBackend> backends = registry.backends(context.device(), choice);
      IoOptions ioOptions = ioOptions(choice);
      try (BackendSessions sessions =
          new BackendSessions(backends, context, ioOptions, bounded.held())) {
        readAll(sessions);
      }
      return new Result(new LoadedTensors(files, conversion), report(backends.reports()));
    } catch (Throwable e) {
      Cleanup.after(e, this::giveBack);
      monitor.throwListenerFailure();
      throw e;
    }
  }

  private void readAll(BackendSessions sessions) throws LoadException {
    try {
      for (FilePlan file : plan.files()) {
        monitor.checkpoint();
        while (needs.inFlight().isFull(sessions, file)) {
          finishOldest(sessions);
        }
        sessions.submit(file);
      }
      while (sessions.filesInFlight() > 0) {
        finishOldest(sessions);
      }
      monitor.throwListenerFailure();
    } catch (Throwable e) {
      monitor.abandon(e);
      Cleanup.after(e, this::giveBack);
      throw e;
    }
  }

  /** Frees what is read, and promised, before files that may hang are waited for. */
  private void giveBack() {
    Cleanup.all(() -> Cleanup.each(files, LoadedFile::release), needs::close);
    files.clear();
  }

  private void finishOldest(BackendSessions sessions) throws LoadException {
    monitor.checkpoint();
    PendingFile pending = sessions.oldest();
    LoadedRanges loaded = pending.await();
    files.add(LoadedFile.of(context, pending.plan(), loaded));
    sessions.closeOldest();
    reports.add(report(pending, loaded.stats()));
    log(pending, loaded);
    if (conversion.isNeeded(pending.plan())) {
      convertLast(pending.plan());
    }
  }

  private void log(PendingFile pending, LoadedRanges loaded) {
    LOG.log(
        Level.DEBUG,
        () ->
            "loaded: %s, %s tensors in %s buffer%s of %s bytes, %s us"
                .formatted(
                    pending.plan().path(),
                    pending.plan().tensors().size(),
                    loaded.buffers().size(),
                    loaded.buffers().size() == 1 ? "" : "s",
                    loaded.buffers().stream().mapToLong(DeviceBuffer::size).sum(),
                    elapsed().toNanos() / 1000));
  }

  private void convertLast(FilePlan plan) throws LoadException {
    var _ = needs.converting(() -> files.getLast().convert(context, plan, conversion));
  }

  private IoOptions ioOptions(BackendChoice choice) throws LoadException {
    return IoOptions.builder(monitor)
        .path(options.path())
        .direct(options.direct())
        .threads(options.threads())
        .blockBytes(options.blockBytes())
        .alignment(options.alignment())
        .memoryBudget(conversion.remainingBudget(plan, options.memoryBudget(), context.device()))
        .properties(choice.properties())
        .build();
  }

  private FileReport report(PendingFile pending, TransferStats stats) {
    return FileReport.builder(pending.plan().path(), pending.backend())
        .bytesByPath(stats.bytesByPath())
        .tensors(pending.plan().tensors().size())
        .bytes(pending.plan().bytes())
        .elapsed(elapsed())
        .readTime(Duration.ofNanos(stats.readNanos()))
        .copyTime(Duration.ofNanos(stats.copyNanos()))
        .reason(pending.reason(stats.reason()))
        .build();
  }

  private LoadReport report(List<PluginReport> backends) {
    List<PluginReport> candidates =
        Stream.concat(on.candidates().stream(), backends.stream()).toList();
    return LoadReport.builder(context.device())
        .candidates(candidates)
        .conversions(conversion.report(plan))
        .files(reports)
        .bytes(plan.bytes())
        .elapsed(elapsed())
        .build();
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
