// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.PluginReport;
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
import java.util.stream.Stream;

/**
 * One rank's share of one load: plan, backend, session, tickets, ranges, files. Read {@link #run}
 * from top to bottom.
 */
final class LoadJob {
  private static final Logger LOG = System.getLogger(LoadJob.class.getName());

  /** Enough to keep storage busy with small files, and far below any limit on open files. */
  private static final int MOST_FILES_IN_FLIGHT = 64;

  /** One is read while another is converted. */
  private static final int LEAST_FILES_IN_FLIGHT = 2;

  /** What is to be converted should not wait in memory twice, in bytes. */
  private static final long MOST_BYTES_TO_CONVERT = 1L << 30;

  private final Registry registry;
  private final OpenDevice on;
  private final SharedContext context;
  private final LoadPlan plan;
  private final LoadOptions options;
  private final Conversion conversion;
  private final LoadMonitor monitor;
  private final List<LoadedFile> files = new ArrayList<>();
  private final List<FileReport> reports = new ArrayList<>();
  private final long start = System.nanoTime();

  LoadJob(
      Registry registry,
      OpenDevice on,
      LoadPlan plan,
      LoadOptions options,
      Conversion conversion,
      LoadMonitor monitor) {
    this.registry = registry;
    this.on = on;
    this.context = on.context();
    this.plan = plan;
    this.options = options;
    this.conversion = conversion;
    this.monitor = monitor;
  }

  /**
   * What was loaded, and how.
   *
   * @param tensors the tensors; the receiver closes them
   * @param report what was done
   */
  record Result(LoadedTensors tensors, LoadReport report) {}

  /** Loads every range of the plan; after an exception nothing is left behind. */
  Result run() throws LoadException {
    return FlightEvents.load(context.device(), plan, this::load);
  }

  private Result load() throws LoadException {
    try {
      BackendChoice choice = BackendChoice.of(options);
      Candidates<IoBackend> backends = registry.backends(context.device(), choice);
      IoOptions ioOptions = ioOptions(choice);
      try (BackendSessions sessions = new BackendSessions(backends, context, ioOptions)) {
        readAll(sessions);
      }
      return new Result(new LoadedTensors(files, conversion), report(backends.reports()));
    } catch (Throwable e) {
      Cleanup.after(e, () -> Cleanup.each(files, LoadedFile::release));
      monitor.throwListenerFailure();
      throw e;
    }
  }

  private void readAll(BackendSessions sessions) throws LoadException {
    try {
      for (FilePlan file : plan.files()) {
        monitor.checkpoint();
        while (!hasRoom(sessions, file)) {
          finishOldest(sessions);
        }
        sessions.submit(file);
      }
      while (sessions.filesInFlight() > 0) {
        finishOldest(sessions);
      }
      monitor.throwListenerFailure();
    } catch (Throwable e) {
      monitor.abandon();
      throw e;
    }
  }

  private boolean hasRoom(BackendSessions sessions, FilePlan next) {
    if (sessions.filesInFlight() < LEAST_FILES_IN_FLIGHT) {
      return true;
    }
    boolean fits = sessions.bytesInFlight() + next.bytes() <= MOST_BYTES_TO_CONVERT;
    return sessions.filesInFlight() < MOST_FILES_IN_FLIGHT && (conversion.isNone() || fits);
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
      files.getLast().convert(context, pending.plan(), conversion);
    }
  }

  private void log(PendingFile pending, LoadedRanges loaded) {
    LOG.log(
        Level.DEBUG,
        () ->
            "loaded: %s, %d tensors in %d buffer%s of %d bytes, %d us"
                .formatted(
                    pending.plan().path(),
                    pending.plan().tensors().size(),
                    loaded.buffers().size(),
                    loaded.buffers().size() == 1 ? "" : "s",
                    loaded.buffers().stream().mapToLong(DeviceBuffer::size).sum(),
                    elapsed().toNanos() / 1000));
  }

  private IoOptions ioOptions(BackendChoice choice) throws LoadException {
    return new IoOptions(
        options.path(),
        options.direct(),
        options.threads(),
        options.blockBytes(),
        options.alignment(),
        conversion.remainingBudget(plan, options.memoryBudget(), context.device()),
        choice.properties(options),
        monitor);
  }

  private FileReport report(PendingFile pending, TransferStats stats) {
    return new FileReport(
        pending.plan().path(),
        pending.backend(),
        stats.bytesByPath(),
        pending.plan().tensors().size(),
        pending.plan().bytes(),
        elapsed(),
        Duration.ofNanos(stats.readNanos()),
        Duration.ofNanos(stats.copyNanos()),
        pending.reason(stats.reason()));
  }

  private LoadReport report(List<PluginReport> backends) {
    List<PluginReport> candidates =
        Stream.concat(on.candidates().stream(), backends.stream()).toList();
    return new LoadReport(
        context.device(), candidates, conversion.report(plan), reports, plan.bytes(), elapsed());
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
