// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.TransferStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One rank's share of one load: plan, backend, session, tickets, ranges, files. Read {@link #run}
 * from top to bottom.
 */
final class LoadJob {
  private final Registry registry;
  private final OpenDevice on;
  private final SharedContext context;
  private final LoadPlan plan;
  private final LoadOptions options;
  private final LoadMonitor monitor;
  private final long start = System.nanoTime();

  LoadJob(Registry registry, OpenDevice on, LoadPlan plan, LoadOptions options) {
    this.registry = registry;
    this.on = on;
    this.context = on.context();
    this.plan = plan;
    this.options = options;
    this.monitor = new LoadMonitor(options, plan.bytes());
  }

  /**
   * The files in memory, and what was done.
   *
   * @param files the files, in the plan's order
   * @param report what was done
   */
  record Result(List<LoadedFile> files, LoadReport report) {
    void release() {
      files.forEach(LoadedFile::release);
    }
  }

  /** Loads every range of the plan; after an exception nothing is left behind. */
  Result run() throws LoadException {
    Device device = context.attached().device();
    LoadEvent event = new LoadEvent();
    event.begin();
    try (BackendSessions sessions =
        new BackendSessions(
            registry.backends(device, options.backend()), context.attached(), ioOptions(device))) {
      List<PendingFile> pending = submitAll(sessions);
      List<LoadedFile> files = awaitAll(pending);
      event.succeeded = true;
      return new Result(files, report(device, sessions, files));
    } finally {
      record(event, device);
    }
  }

  private IoOptions ioOptions(Device device) throws LoadException {
    return new IoOptions(
        options.path(),
        options.direct(),
        options.threads(),
        options.blockBytes(),
        options.alignment(),
        LoadConversion.remainingBudget(device, plan, options),
        options.properties(),
        monitor);
  }

  private List<PendingFile> submitAll(BackendSessions sessions) throws LoadException {
    List<PendingFile> pending = new ArrayList<>();
    for (FilePlan file : plan.files()) {
      monitor.checkpoint();
      pending.add(sessions.submit(file));
    }
    return pending;
  }

  private List<LoadedFile> awaitAll(List<PendingFile> pending) throws LoadException {
    List<LoadedFile> files = new ArrayList<>();
    try {
      for (PendingFile file : pending) {
        files.add(await(file));
      }
      return files;
    } catch (LoadException | RuntimeException | Error e) {
      monitor.abandon();
      files.forEach(LoadedFile::release);
      throw e;
    }
  }

  private LoadedFile await(PendingFile pending) throws LoadException {
    LoadedRanges loaded = pending.await();
    List<String> names = pending.plan().tensors().stream().map(t -> t.info().name()).toList();
    FileReport report = fileReport(pending, loaded.stats());
    LoadedFile file = LoadedFile.of(context, names, loaded, report);
    DType dtype = options.dtype().orElse(null);
    return dtype == null ? file : LoadConversion.convert(context, pending.plan(), file, dtype);
  }

  private FileReport fileReport(PendingFile pending, TransferStats stats) {
    List<CatalogEntry> tensors = pending.plan().tensors();
    return new FileReport(
        pending.plan().file().source().path(),
        pending.backend(),
        stats.bytesByPath(),
        tensors.size(),
        pending.plan().ranges().bytes(),
        elapsed(),
        Duration.ofNanos(stats.readNanos()),
        Duration.ofNanos(stats.copyNanos()),
        pending.fallbackReasons() + stats.reason());
  }

  private LoadReport report(Device device, BackendSessions sessions, List<LoadedFile> files) {
    return new LoadReport(
        device,
        Stream.concat(on.candidates().stream(), sessions.reports().stream()).toList(),
        files.stream().map(LoadedFile::report).toList(),
        plan.bytes(),
        elapsed());
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private void record(LoadEvent event, Device device) {
    event.end();
    if (event.shouldCommit()) {
      event.device = device.toString();
      event.files = plan.files().size();
      event.bytes = plan.bytes();
      event.commit();
    }
  }
}
