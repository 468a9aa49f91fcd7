// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.Transport;
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
  private final Registry registry;
  private final Device device;
  private final Transport group;
  private final Duration timeout;
  private final @Nullable LoadListener listener;
  private final FileSet files;
  private final BoundedCall.Abandoned abandoned = new BoundedCall.Abandoned();
  private final Leaks.Trace trace;
  private @Nullable SharedContext opened;
  private volatile @Nullable LoadReport lastReport;
  private volatile @Nullable AsyncLoad async;
  private volatile @Nullable DefaultTensorStream streaming;
  private volatile boolean closed;

  DefaultLoader(Registry registry, Device device, Transport group, Duration timeout) {
    this(registry, device, group, timeout, null);
  }

  DefaultLoader(
      Registry registry,
      Device device,
      Transport group,
      Duration timeout,
      @Nullable LoadListener listener) {
    this.registry = registry;
    this.device = device;
    this.group = group;
    this.timeout = timeout;
    this.listener = listener;
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
    return load(options, new Cancellation());
  }

  private FileBuffer load(LoadOptions options, Cancellation cancellation) throws LoadException {
    lastReport = null;
    return told(events ->
        new GroupLoad(call(options, cancellation, List.of(), events), this::report).load());
  }

  /** Makes something of a load, whose failure is told to who listens. */
  private <T> T told(Making<T> making) throws LoadException {
    LoadEvents events = LoadEvents.begin(listener);
    try {
      return making.make(events);
    } catch (Throwable e) {
      events.failed(e);
      throw e;
    }
  }

  /** Makes something of a load. */
  @FunctionalInterface
  private interface Making<T> {
    T make(LoadEvents events) throws LoadException;
  }

  @Override
  public FileBuffer begin(LoadOptions options) throws LoadException {
    checkReady();
    lastReport = null;
    return told(events ->
        new GroupLoad(call(options, new Cancellation(), List.of(), events), this::report).begin());
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

  @Override
  public TensorStream stream(StreamOptions options) throws LoadException {
    checkReady();
    List<String> asked =
        List.of("stream in pieces " + options.pieces(), "order " + options.order());
    DefaultTensorStream stream =
        told(events ->
            new StreamStart(call(options.load(), new Cancellation(), asked, events), options)
                .stream());
    streaming = group.size() == 1 ? null : stream;
    return stream;
  }

  /** Starts a call of all ranks: they agree on what it is, and have the same headers. */
  private LoadCall call(
      LoadOptions options, Cancellation cancellation, List<String> more, LoadEvents events)
      throws LoadException {
    BoundedCall bounded =
        BoundedCall.of(StopSignal.of(options, cancellation, () -> closed), abandoned);
    Backends backends = new Backends(registry, device, () -> options);
    List<String> lines = new ArrayList<>(lines(options));
    lines.addAll(more);
    Headers headers =
        events.during(
            LoadEvent.Kind.HEADERS, null, 0, () -> files.agreedHeaders(lines, backends, bounded));
    if (files.isEmpty()) {
      throw new IllegalStateException("no files were added: call addFiles or addCheckpoint first");
    }
    return new LoadCall(
        group,
        device,
        options,
        cancellation,
        bounded,
        backends,
        headers,
        () -> hold(bounded.signal()),
        events);
  }

  private void report(LoadReport report) {
    lastReport = report;
  }

  /** Returns what the headers say; those that weren't read are read as a default load would. */
  private Catalog catalog() throws LoadException {
    return files.catalog(new Backends(registry, device, LoadOptions::defaults), bounded());
  }

  /** Starts a call that has the loader's own timeout. */
  private BoundedCall bounded() {
    return BoundedCall.of(StopSignal.after(timeout, () -> closed), abandoned);
  }

  /** What all ranks have to ask for alike. */
  private List<String> lines(LoadOptions options) {
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
