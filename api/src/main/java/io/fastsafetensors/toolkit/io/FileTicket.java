// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.io.ReadTarget.Brought;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A file being read: its reads, and its memory until that is handed out. */
final class FileTicket extends EarlyTicket {
  private static final Logger LOG = System.getLogger(FileTicket.class.getName());

  /** How long copies of what was given up may still take to end. */
  private static final Duration GRACE = Duration.ofMinutes(1);

  /** Who has nothing to prepare takes less. */
  private static final long NOTHING_NANOS = 5_000;

  private final DeviceContext context;
  private final PlannedFile file;
  private final ReadTarget target;
  private final PathChoice paths;
  private final IoMonitor monitor;
  private final FileStats stats = new FileStats();

  /** Is held by who asks what the file is, so that it isn't closed meanwhile. */
  private final Object fileLock = new Object();

  private boolean fileClosed;

  /** Reads whose way nobody has chosen yet; guarded by the lock of the {@link ReadQueue}. */
  final WaitingReads waiting;

  private final ReadQueue queue;

  FileTicket(
      DeviceContext context,
      RangePlan plan,
      PlannedFile file,
      ReadTarget target,
      PathChoice paths,
      IoMonitor monitor,
      ReadQueue queue) {
    super(plan, monitor, target.reads().size());
    this.context = context;
    this.file = file;
    this.target = target;
    this.paths = paths;
    this.monitor = monitor;
    this.waiting = new WaitingReads(target.reads());
    this.queue = queue;
    target.arrived().forEach(brought -> add(brought.read().parts()));
  }

  TransferPath choosePath(FileRead read) throws LoadException {
    return paths.path(read);
  }

  /** Prepares a read, in whose place several may be done. */
  List<FileRead> prepare(FileRead read) throws LoadException {
    context.attach();
    monitor.checkpoint();
    long start = System.nanoTime();
    List<FileRead> prepared = target.prepare(read);
    long nanos = System.nanoTime() - start;
    if (nanos > NOTHING_NANOS) {
      monitor.memoryMade(file.path(), read.bytes(), nanos);
    }
    return prepared;
  }

  void bring(FileRead read, TransferPath path) throws LoadException {
    context.attach();
    monitor.checkpoint();
    Brought brought = target.bring(read, path);
    note(brought);
    landed(brought.read().parts());
    if (brought.path() == TransferPath.MAPPED) {
      stats.addFaulted(bytes(brought.read()));
    }
  }

  /** Returns how many bytes of a read the file has. */
  private long bytes(FileRead read) {
    return Math.min(read.end(), file.size()) - read.offset();
  }

  private void note(Brought brought) {
    FileRead read = brought.read();
    long bytes = bytes(read);
    stats.add(brought, bytes);
    monitor.blockDone(file.path(), brought.path(), read.offset(), bytes, brought.readNanos());
    if (brought.copyNanos() > 0) {
      monitor.stagingAwaited(file.path(), brought.copyNanos());
    }
  }

  @Override
  protected LoadedRanges finish() throws LoadException {
    context.attach();
    target.arrived().forEach(this::note);
    long start = System.nanoTime();
    target.settle(monitor.deadline());
    long waited = System.nanoTime() - start;
    stats.addCopyNanos(waited);
    if (!context.device().isCpu()) {
      monitor.copiesAwaited(file.path(), waited);
    }
    checkFile();
    List<Region> regions = target.regions();
    return LoadedRanges.of(target.buffers(), regions, stats.toStats(paths.reason(stats, regions)));
  }

  @Override
  protected Optional<Region> region(int range) {
    return target.region(range);
  }

  @Override
  protected StreamMark mark() {
    return target.mark();
  }

  @Override
  protected void hurry(ByteRange range) {
    queue.prefer(this, range);
  }

  @Override
  protected void checkFile() throws LoadException {
    synchronized (fileLock) {
      if (!fileClosed) {
        file.checkUnchanged();
      }
    }
  }

  private void closeFile() {
    synchronized (fileLock) {
      fileClosed = true;
      file.close();
    }
  }

  @Override
  protected void release(boolean handedOut) {
    context.attach();
    closeFile();
    if (handedOut) {
      target.release(true);
    } else if (hasSettled()) {
      target.releaseBut(this::isGivenOut);
    } else {
      LOG.log(Level.ERROR, "{0}: a copy hangs; its memory is lost", file.path());
    }
  }

  /** Waits until no copy to the memory is under way. */
  private boolean hasSettled() {
    try {
      target.settle(Deadline.after(GRACE));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, "a copy failed", e);
    }
    return target.isSettled();
  }
}
