// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.FoundCheckpoint;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.Parts;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.toolkit.group.Transports;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import io.fastsafetensors.toolkit.io.ScratchMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/** Reads parts of tensors when they are asked for. */
public final class OpenedCheckpoint implements OpenCheckpoint {
  private final Catalog catalog;
  private final LoadOptions options;
  private final OpenFiles files;
  private final SharedContext context;
  private final PartRead.Means means;
  private final Leaks.Trace trace;
  private final BoundedCall.Abandoned abandoned = new BoundedCall.Abandoned();
  private final LongAdder reads = new LongAdder();

  /** This, until it is closed, and each read that is under way. */
  private final RefCount holders = new RefCount(this::end);

  private volatile boolean closed;

  /** A part that was asked for. */
  private record Asked(CatalogEntry entry, Slice slice) {
    TensorSpec spec() {
      return new TensorSpec(entry.info().name(), entry.info().dtype(), slice.shape());
    }
  }

  /** A file in use, and with it all that its reads need. */
  private final class Hold implements AutoCloseable {
    private final CatalogFile source;
    private final OpenedFile file;

    private Hold(CatalogFile source) throws LoadException {
      if (!holders.tryRetain()) {
        throw new IllegalStateException("this checkpoint is closed");
      }
      try {
        this.source = source;
        this.file = files.take(source);
      } catch (Throwable e) {
        holders.release();
        throw e;
      }
    }

    PartRead read(Asked asked) {
      return new PartRead(file, asked.entry.range().begin(), asked.slice, means);
    }

    @Override
    public void close() {
      files.giveBack(source);
      holders.release();
    }
  }

  private OpenedCheckpoint(
      Path path, Headers headers, Backends backends, LoadOptions options, SharedContext context) {
    this.options = options;
    this.context = context;
    this.catalog = headers.catalog().filter(new NameFilter(options.filters()));
    this.means =
        new PartRead.Means(
            options.path(),
            options.direct(),
            options.writable(),
            new TensorRoom(context),
            new ScratchMemory(context.attached(), PartRead.BLOCK),
            new WayCounts());
    IoOptions io = backends.reading(options, monitor()).build();
    FileOpener opener = new FileOpener(backends, io, headers, context);
    this.files =
        new OpenFiles(
            headers.catalog().files().size(),
            OpenFiles.openable(),
            options.timeout(),
            file -> open(opener, file));
    this.trace = Leaks.watch(this, () -> "an OpenCheckpoint of " + path);
  }

  /** Nobody hears of reads one by one, and they have no deadline of their own. */
  private IoMonitor monitor() {
    StopSignal whenClosed = StopSignal.after(Duration.ofDays(36_500), () -> closed);
    return new LoadMonitor((_, _) -> {}, 0, PlannedMemory.unplanned(), whenClosed);
  }

  /** Reads the headers; see {@link io.fastsafetensors.Checkpoint#open(LoadOptions, Plugins)}. */
  static OpenCheckpoint open(FoundCheckpoint found, LoadOptions options, Registry registry)
      throws LoadException {
    check(options);
    registry.options().check();
    CheckpointFiles checkpoint = found.whole();
    Backends backends = new Backends(registry, Device.CPU, () -> options);
    BoundedCall bounded =
        BoundedCall.of(
            StopSignal.of(options, new Cancellation(), () -> false), new BoundedCall.Abandoned());
    backends.first();
    Headers headers =
        Headers.read(
            Transports.single(),
            checkpoint.files().stream().map(file -> new SourceFile(0, file)).toList(),
            checkpoint.index().stream().toList(),
            backends::readHeader,
            bounded);
    SharedContext context = SharedContext.open(registry, Device.CPU);
    try {
      return new OpenedCheckpoint(found.path(), headers, backends, options, context);
    } catch (Throwable e) {
      Cleanup.after(e, context::release);
      throw e;
    }
  }

  private static void check(LoadOptions options) {
    if (options.dtype().isPresent() || !options.dtypeRules().isEmpty()) {
      throw new IllegalArgumentException(
          "an open checkpoint has tensors as they are in the file: convert them by Tensor.to, not"
              + " by the option dtype");
    }
    if (options.selection().isPresent()) {
      throw new IllegalArgumentException(
          "an open checkpoint is asked for parts one by one: give them to read, not as the option"
              + " selection");
    }
  }

  private OpenedFile open(FileOpener opener, CatalogFile file) throws LoadException {
    BoundedCall call = bounded();
    call.held().ask(file.source().path(), 0);
    return call.run(() -> opener.open(file), OpenedFile::close);
  }

  private BoundedCall bounded() {
    return BoundedCall.of(StopSignal.of(options, new Cancellation(), () -> closed), abandoned);
  }

  @Override
  public Set<String> keys() {
    return catalog.keys();
  }

  @Override
  public List<TensorInfo> tensors() {
    return catalog.tensors();
  }

  @Override
  public TensorInfo info(String name) {
    return catalog.get(name).info();
  }

  @Override
  public long byteSize(String name, Part part) {
    return asked(name, part).slice.bytes();
  }

  private Asked asked(String name, Part part) {
    CatalogEntry entry = catalog.get(name);
    TensorInfo info = entry.info();
    if (part.shardDim().isPresent() && part.shardCount().isEmpty()) {
      throw new IllegalArgumentException(
          "tensor %s: a %s is for a group, whose ranks say which: want Part.shard(%s, rank, ranks)"
              .formatted(info, part, part.shardDim().getAsInt()));
    }
    return new Asked(entry, Parts.of(info).slice(part, 1, 0));
  }

  @Override
  public Tensor read(String name, Part part) throws LoadException {
    Asked asked = asked(name, part);
    reads.increment();
    return tensor(asked);
  }

  private Tensor tensor(Asked asked) throws LoadException {
    TensorSpec spec = asked.spec();
    if (asked.slice.bytes() == 0) {
      return empty(spec);
    }
    Hold hold = new Hold(asked.entry.file());
    if (!hold.file.mayHang()) {
      try (hold) {
        return hold.read(asked).tensor(spec);
      }
    }
    BoundedCall call = bounded();
    call.held().ask(hold.file.path(), asked.slice.bytes());
    return call.run(() -> hold.read(asked).tensor(spec), Tensor::close, hold::close);
  }

  private Tensor empty(TensorSpec spec) throws LoadException {
    checkOpen();
    Piece nothing = means.room().take(spec, 0);
    try {
      return DefaultTensor.copy(nothing);
    } finally {
      nothing.memory().release();
    }
  }

  @Override
  public void read(String name, Part part, MemorySegment target) throws LoadException {
    Asked asked = asked(name, part);
    checkTarget(asked, target);
    reads.increment();
    if (!readInto(asked, target)) {
      try (Tensor own = tensor(asked)) {
        own.toHost(target);
      }
    }
  }

  /** Returns false for what hangs, which must not write to the caller's memory, and for arrays. */
  private boolean readInto(Asked asked, MemorySegment target) throws LoadException {
    checkOpen();
    if (asked.slice.bytes() == 0) {
      return true;
    }
    try (Hold hold = new Hold(asked.entry.file())) {
      boolean serves = target.isNative() && !hold.file.mayHang();
      if (serves) {
        hold.read(asked).into(target);
      }
      return serves;
    }
  }

  private static void checkTarget(Asked asked, MemorySegment target) {
    if (target.byteSize() != asked.slice.bytes()) {
      throw new IllegalArgumentException(
          "tensor %s: the part has %s bytes, the target %s"
              .formatted(asked.spec(), asked.slice.bytes(), target.byteSize()));
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("tensor " + asked.spec() + ": the target is read-only");
    }
    if (!target.scope().isAlive()) {
      throw new IllegalStateException("tensor " + asked.spec() + ": the target's arena is closed");
    }
    if (!target.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException(
          "tensor %s: the target is confined to another thread than %s"
              .formatted(asked.spec(), Thread.currentThread().getName()));
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this checkpoint is closed");
    }
  }

  @Override
  public Report report() {
    return Report.of(reads.sum(), means.counts().taken(), files.count());
  }

  private void end() {
    Cleanup.all(means.scratch()::close, means.room()::close, context::release);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    Cleanup.all(files::close, holders::release, trace::closed);
  }

  @Override
  public String toString() {
    return "OpenCheckpoint of "
        + keys().size()
        + " tensors in "
        + catalog.files().size()
        + " files";
  }
}
