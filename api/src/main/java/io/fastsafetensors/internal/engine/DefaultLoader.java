// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Knows the files, opens the device, and runs the loads. */
public final class DefaultLoader implements Loader {
  /** Whoever waits without end means less than this; and it can be counted in nanoseconds. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(36_500);

  private final Registry registry;
  private final Device device;
  private final Transport group;
  private final Duration timeout;
  private final FileSet files;
  private final AbandonedCalls abandoned = new AbandonedCalls();
  private final Leaks.Trace trace;
  private @Nullable OpenDevice opened;
  private volatile @Nullable LoadReport lastReport;
  private volatile @Nullable AsyncLoad async;
  private volatile boolean closed;

  DefaultLoader(Registry registry, Device device, Transport group, Duration timeout) {
    this.registry = registry;
    this.device = device;
    this.group = group;
    this.timeout = timeout;
    this.files = new FileSet(group);
    this.trace = Leaks.watch(this, () -> "a Loader for " + device);
  }

  @Override
  public Loader addFiles(int rank, List<Path> added) {
    return addFiles(Map.of(rank, added));
  }

  @Override
  public Loader addFiles(Map<Integer, List<Path>> added) {
    checkReady();
    files.add(
        added.entrySet().stream()
            .flatMap(e -> e.getValue().stream().map(path -> new SourceFile(e.getKey(), path)))
            .toList());
    return this;
  }

  @Override
  public Loader addFiles(Path... added) {
    checkReady();
    files.deal(List.of(added));
    return this;
  }

  @Override
  public Loader addCheckpoint(Path path) throws LoadException {
    checkReady();
    files.addCheckpoint(path, Optional.empty(), bounded());
    return this;
  }

  @Override
  public Loader addCheckpoint(Path path, String variant) throws LoadException {
    checkReady();
    files.addCheckpoint(path, Optional.of(variant), bounded());
    return this;
  }

  @Override
  public Set<String> keys() throws LoadException {
    checkReady();
    return files.catalog(bounded()).keys();
  }

  @Override
  public List<TensorInfo> tensors() throws LoadException {
    checkReady();
    return files.catalog(bounded()).tensors();
  }

  @Override
  public List<SafetensorsHeader> files() throws LoadException {
    checkReady();
    return files.catalog(bounded()).headers();
  }

  @Override
  public TensorInfo info(String name) throws LoadException {
    checkReady();
    return files.catalog(bounded()).get(name).info();
  }

  @Override
  public FileBuffer load() throws LoadException {
    return load(LoadOptions.defaults());
  }

  @Override
  public FileBuffer load(LoadOptions options) throws LoadException {
    checkReady();
    return load(options, new Cancellation());
  }

  @Override
  public CompletableFuture<FileBuffer> loadAsync() {
    return loadAsync(LoadOptions.defaults());
  }

  @Override
  public CompletableFuture<FileBuffer> loadAsync(LoadOptions options) {
    checkReady();
    AsyncLoad started = new AsyncLoad(() -> async = null); // else it would keep the buffer
    async = started;
    return started.start(cancellation -> load(options, cancellation));
  }

  private FileBuffer load(LoadOptions options, Cancellation cancellation) throws LoadException {
    lastReport = null;
    BoundedCall bounded =
        BoundedCall.of(StopSignal.of(options, cancellation, () -> closed), abandoned);
    Catalog catalog = files.agreedCatalog(call(options), bounded);
    if (files.isEmpty()) {
      throw new IllegalStateException("no files were added: call addFiles or addCheckpoint first");
    }
    // All ranks have the same catalog and globs, and so find the same fault, each by itself.
    Catalog wanted = catalog.filter(new NameFilter(options.filters()));
    Conversion conversion = Conversion.of(options, catalog);
    return Agreement.make(
        group,
        "load",
        waitForOthers(options),
        () -> load(wanted, options, conversion, bounded),
        FileBuffer::close);
  }

  /** Starts a call that has the loader's own timeout. */
  private BoundedCall bounded() {
    return BoundedCall.of(StopSignal.after(timeout, () -> closed), abandoned);
  }

  /** What all ranks have to ask for alike. */
  private List<String> call(LoadOptions options) {
    return List.of(
        "call: load",
        "device " + device.type(),
        "dtype " + options.dtype().map(Enum::name).orElse("as in the file"),
        "dtype rules " + options.dtypeRules(),
        "filters " + options.filters(),
        "cache " + options.cache());
  }

  /** The others may take as long as a load may; after that, as long as any exchange. */
  private Duration waitForOthers(LoadOptions options) {
    Duration load = options.timeout();
    return (load.compareTo(LONGEST_WAIT) < 0 ? load : LONGEST_WAIT).plus(group.timeout());
  }

  /** Loads this rank's share. */
  private FileBuffer load(
      Catalog wanted, LoadOptions options, Conversion conversion, BoundedCall bounded)
      throws LoadException {
    OpenDevice on = held(bounded);
    try {
      return load(wanted, options, conversion, bounded, on);
    } finally {
      on.context().release();
    }
  }

  /** The device is held by the load itself, which may be under way when the loader is closed. */
  private OpenDevice held(BoundedCall bounded) throws LoadException {
    try {
      OpenDevice on = open();
      on.context().retain();
      return on;
    } catch (IllegalStateException e) {
      bounded.signal().check(); // closed meanwhile: this ends the load as it does later on
      throw e;
    }
  }

  private FileBuffer load(
      Catalog wanted,
      LoadOptions options,
      Conversion conversion,
      BoundedCall bounded,
      OpenDevice on)
      throws LoadException {
    conversion.checkAll(wanted, on.context());
    LoadPlan plan = LoadPlan.of(wanted, group.rank());
    LoadNeeds needs = new LoadNeeds(plan, options, conversion, device, HostLimits.SYSTEM);
    LoadJob.Result result = new LoadJob(registry, on, plan, options, needs, bounded).run();
    try {
      lastReport = result.report();
      return new DefaultFileBuffer(wanted, result, on.context(), group, options.cache());
    } catch (Throwable e) {
      Cleanup.after(e, result.tensors()::close);
      throw e;
    }
  }

  private synchronized OpenDevice open() throws LoadException {
    checkOpen();
    OpenDevice known = opened;
    if (known == null) {
      known = OpenDevice.open(registry, device);
      opened = known;
    }
    return known;
  }

  @Override
  public LoadReport explain() {
    checkOpen();
    LoadReport last = lastReport;
    return last != null
        ? last.toBuilder().keptBytes(abandoned.bytes()).build()
        : LoadReport.builder(device)
            .candidates(registry.reports(device))
            .keptBytes(abandoned.bytes())
            .build();
  }

  @Override
  public Loader reset() {
    checkReady();
    files.clear();
    return this;
  }

  /** Makes sure that the files are nobody else's at this moment. */
  private void checkReady() {
    checkOpen();
    AsyncLoad last = async;
    if (last != null) {
      last.checkEnded(timeout);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      trace.closed();
      if (opened != null) {
        opened.context().release();
      }
    }
  }
}
