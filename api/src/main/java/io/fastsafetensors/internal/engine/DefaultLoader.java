// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
  private final BoundedCall.Abandoned abandoned = new BoundedCall.Abandoned();
  private final Leaks.Trace trace;
  private @Nullable SharedContext opened;
  private volatile @Nullable LoadReport lastReport;
  private volatile @Nullable AsyncLoad async;
  private volatile @Nullable DefaultTensorStream streaming;
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
    return catalog().keys();
  }

  @Override
  public List<TensorInfo> tensors() throws LoadException {
    checkReady();
    return catalog().tensors();
  }

  @Override
  public List<SafetensorsHeader> files() throws LoadException {
    checkReady();
    return catalog().headers();
  }

  @Override
  public TensorInfo info(String name) throws LoadException {
    checkReady();
    return catalog().get(name).info();
  }

  @Override
  public FileBuffer load() throws LoadException {
    return load(LoadOptions.defaults());
  }

  @Override
  public FileBuffer load(LoadOptions options) throws LoadException {
    checkReady();
    return loadTogether(options, new Cancellation());
  }

  @Override
  public TensorStream stream(StreamOptions options) throws LoadException {
    checkReady();
    LoadOptions load = options.load();
    Cancellation cancellation = new Cancellation();
    BoundedCall bounded =
        BoundedCall.of(StopSignal.of(load, cancellation, () -> closed), abandoned);
    Backends backends = new Backends(registry, device, () -> load);
    Headers headers = files.agreedHeaders(call(options), backends, bounded);
    checkHasFiles();
    Duration wait = waitForOthers(load);
    StreamStart start =
        new StreamStart(group, wait, options, headers, backends, bounded, cancellation);
    StreamStart.Planned planned = start.plan(device);
    DefaultTensorStream stream =
        Agreement.make(
            group,
            "stream",
            wait,
            () -> make(start, planned, bounded.signal()),
            DefaultTensorStream::discard);
    stream.start();
    streaming = group.size() == 1 ? null : stream;
    return stream;
  }

  private DefaultTensorStream make(
      StreamStart start, StreamStart.Planned planned, StopSignal signal) throws LoadException {
    SharedContext context = hold(signal);
    try {
      return start.make(planned, context);
    } catch (Throwable e) {
      Cleanup.after(e, context::release);
      throw e;
    }
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
    return started.start(cancellation -> loadTogether(options, cancellation));
  }

  /** What all ranks do: agree on what to load, load each its share, and agree that all did. */
  private FileBuffer loadTogether(LoadOptions options, Cancellation cancellation)
      throws LoadException {
    lastReport = null;
    BoundedCall bounded =
        BoundedCall.of(StopSignal.of(options, cancellation, () -> closed), abandoned);
    Backends backends = new Backends(registry, device, () -> options);
    Headers headers = files.agreedHeaders(call(options), backends, bounded);
    Catalog catalog = headers.catalog();
    checkHasFiles();
    // All ranks have the same catalog and globs, and so find the same fault, each by itself.
    Catalog wanted = catalog.filter(new NameFilter(options.filters()));
    Conversion conversion = Conversion.of(options, catalog);
    Optional<Distributed> parts = Optional.empty();
    if (options.selection().isPresent()) {
      parts =
          Optional.of(
              Distributed.agree(
                  group,
                  wanted,
                  options,
                  device,
                  new Distributed.Files(headers, backends, bounded)));
    }
    LoadPlan plan =
        parts.isPresent() ? parts.get().plan(group.rank()) : LoadPlan.of(wanted, group.rank());
    Agreement.Step<LoadJob> preparing =
        () -> prepare(wanted, headers, backends, options, conversion, plan, bounded);
    try (LoadJob job =
        Agreement.make(group, "load", waitForOthers(options), preparing, LoadJob::close)) {
      FileBuffer buffer =
          parts.isPresent()
              ? loadParts(job, parts.get(), options)
              : Agreement.make(
                  group,
                  "load",
                  waitForOthers(options),
                  () -> handOut(job.run(), wanted, group, job.context(), options),
                  FileBuffer::close);
      return group.size() == 1 ? buffer : confirm(buffer, bounded.signal());
    }
  }

  /** Loads this rank's parts, some of whose bytes other ranks may read. */
  private FileBuffer loadParts(LoadJob job, Distributed distributed, LoadOptions options)
      throws LoadException {
    Duration wait = waitForOthers(options);
    if (distributed.isReadAhead()) {
      Agreement.Step<LoadJob> reading =
          () -> {
            job.readAhead(distributed.passing(group.rank()));
            return job;
          };
      Agreement.make(group, "shared reads", wait, reading, _ -> {});
    }
    Catalog own = distributed.parts().catalog(group.rank());
    if (!distributed.isRead()) {
      LoadJob.Result exchanged = job.exchange(group, distributed.exchange(), wait);
      return Agreement.make(
          group,
          "load",
          wait,
          () -> handOut(distributed, exchanged, own, job, options),
          FileBuffer::close);
    }
    return Agreement.make(
        group,
        "load",
        wait,
        () -> handOut(distributed, job.run(), own, job, options),
        FileBuffer::close);
  }

  /** Parts are given out without the other ranks. */
  private FileBuffer handOut(
      Distributed distributed,
      LoadJob.Result loaded,
      Catalog own,
      LoadJob job,
      LoadOptions options) {
    return handOut(distributed.reported(loaded), own, Transports.single(), job.context(), options);
  }

  /** A rank that gave up while it waited for slower ones says so before any rank has its buffer. */
  private FileBuffer confirm(FileBuffer buffer, StopSignal signal) throws LoadException {
    Agreement.Step<byte[]> wanted =
        () -> {
          signal.checkWanted();
          return new byte[0];
        };
    try {
      var _ = Agreement.gather(group, "load", wanted);
      return buffer;
    } catch (Throwable e) {
      Cleanup.after(e, buffer::close);
      throw e;
    }
  }

  /** Returns what the headers say; those that weren't read are read as a default load would. */
  private Catalog catalog() throws LoadException {
    return files.catalog(new Backends(registry, device, LoadOptions::defaults), bounded());
  }

  /** Starts a call that has the loader's own timeout. */
  private BoundedCall bounded() {
    return BoundedCall.of(StopSignal.after(timeout, () -> closed), abandoned);
  }

  private void checkHasFiles() {
    if (files.isEmpty()) {
      throw new IllegalStateException("no files were added: call addFiles or addCheckpoint first");
    }
  }

  /** What all ranks have to ask for alike. */
  private List<String> call(StreamOptions options) {
    List<String> lines = new ArrayList<>(call(options.load()));
    lines.add("stream in pieces " + options.pieces());
    lines.add("order " + options.order());
    return lines;
  }

  private List<String> call(LoadOptions options) {
    return List.of(
        "call: load",
        "device " + device.type(),
        "dtype " + options.dtype().map(Enum::name).orElse("as in the file"),
        "dtype rules " + options.dtypeRules(),
        "filters " + options.filters(),
        "selection " + (options.selection().isPresent() ? "yes" : "none"),
        "distribution " + options.distribution(),
        "cache " + options.cache());
  }

  /** The others may take as long as a load may; after that, as long as any exchange. */
  private Duration waitForOthers(LoadOptions options) {
    Duration load = options.timeout();
    return (load.compareTo(LONGEST_WAIT) < 0 ? load : LONGEST_WAIT).plus(group.timeout());
  }

  /** What each rank does by itself before it reads: open the device, and plan. */
  private LoadJob prepare(
      Catalog wanted,
      Headers headers,
      Backends backends,
      LoadOptions options,
      Conversion conversion,
      LoadPlan plan,
      BoundedCall bounded)
      throws LoadException {
    SharedContext context = hold(bounded.signal());
    try {
      conversion.checkAll(wanted, context);
      LoadNeeds needs = new LoadNeeds(plan, options, conversion, device, HostLimits.SYSTEM);
      return new LoadJob(backends, headers, context, plan, options, needs, bounded);
    } catch (Throwable e) {
      Cleanup.after(e, context::release);
      throw e;
    }
  }

  /** The device is held by the load itself, which may be under way when the loader is closed. */
  private SharedContext hold(StopSignal signal) throws LoadException {
    try {
      SharedContext context = openDevice();
      context.retain();
      return context;
    } catch (IllegalStateException e) {
      signal.check(); // closed meanwhile: this ends the load as it does later on
      throw e;
    }
  }

  private synchronized SharedContext openDevice() throws LoadException {
    checkOpen();
    SharedContext known = opened;
    if (known == null) {
      known = SharedContext.open(registry, device);
      opened = known;
    }
    return known;
  }

  private FileBuffer handOut(
      LoadJob.Result loaded,
      Catalog wanted,
      Transport givers,
      SharedContext context,
      LoadOptions options) {
    try {
      lastReport = loaded.report();
      return new DefaultFileBuffer(wanted, loaded, context, givers, options.cache());
    } catch (Throwable e) {
      Cleanup.after(e, loaded.tensors()::close);
      throw e;
    }
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
    DefaultTensorStream stream = streaming;
    if (stream != null && stream.isUnderWay()) {
      throw new IllegalStateException("a stream of the group is open: read it to its end first");
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
  }

  /** Returns where it loads to, how many files it has, and which rank it is. */
  @Override
  public String toString() {
    String rank = group.size() == 1 ? "" : ", rank " + group.rank() + " of " + group.size();
    return "Loader for "
        + device
        + " (files: "
        + files.count()
        + rank
        + (closed ? ", closed)" : ")");
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      trace.closed();
      if (opened != null) {
        opened.release();
      }
    }
  }
}
