// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.ParallelTicket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.List;

/** A file being read: its reads, and its memory until that is handed over. */
final class PosixTicket extends ParallelTicket {
  private static final Logger LOG = System.getLogger(PosixTicket.class.getName());

  private final PosixFile file;
  private final ReadTarget target;
  private final FileReader reader;
  private final Sorter sorter;
  private final CacheTrace trace;
  private final PosixFileStats stats = new PosixFileStats();

  /** Reads that nobody has looked at yet; guarded by the lock of the {@link PosixReadQueue}. */
  final Iterator<FileRead> unsorted;

  PosixTicket(
      PosixFile file, ReadTarget target, FileReader reader, Sorter sorter, CacheTrace trace) {
    super(file.path(), reader.monitor(), target.reads().size());
    this.file = file;
    this.target = target;
    this.reader = reader;
    this.sorter = sorter;
    this.trace = trace;
    this.unsorted = target.reads().iterator();
  }

  /** Finds the way that a read is to go. */
  ReadTask sort(FileRead read) {
    TransferPath path = sorter.path(read);
    return new ReadTask(this, read, path, sorter.usesStorage(path));
  }

  /** Does what a read needs before it can wait for storage. */
  void prepare(ReadTask task) throws LoadException {
    target.prepare(task.read());
  }

  /** Does a read. */
  void read(ReadTask task, Scratch scratch) throws LoadException {
    IoMonitor monitor = reader.monitor();
    monitor.checkpoint();
    FileRead read = task.read();
    if (!task.usesStorage()) {
      target.prepare(read);
    }
    note(read, target.bring(read, task.path(), reader, scratch));
  }

  private void note(FileRead read, ReadTarget.Brought brought) {
    long bytes = file.bytes(read);
    stats.add(brought, bytes);
    reader
        .monitor()
        .blockDone(file.path(), brought.path(), read.offset(), bytes, brought.readNanos());
  }

  @Override
  protected LoadedRanges finish() throws LoadException {
    target.arrived().forEach(arrived -> note(arrived.read(), arrived.brought()));
    long start = System.nanoTime();
    target.settle(reader.monitor().deadline());
    stats.addCopyNanos(System.nanoTime() - start);
    file.checkUnchanged();
    List<Region> regions = target.regions();
    return LoadedRanges.of(List.of(target.buffer()), regions, stats.toStats(reason(regions)));
  }

  /** Says how the bytes came. */
  private Reason reason(List<Region> regions) {
    String direct = stats.usedStorage() ? "; {direct}" : "";
    Reason reason =
        Reason.of(
                target.way().code(),
                "{way}: {shares}"
                    + direct
                    + "; {page-cache}; tensors at multiples of {alignment} bytes")
            .with("way", target.way().toString())
            .with("shares", stats.shares())
            .with("page-cache", file.cache().describe())
            .with("alignment", alignment(regions));
    return stats.usedStorage() ? reason.with("direct", sorter.describe()) : reason;
  }

  private static long alignment(List<Region> regions) {
    long bits = regions.stream().mapToLong(Region::address).reduce(4096, (a, b) -> a | b);
    return Long.lowestOneBit(bits);
  }

  @Override
  protected void release(boolean handedOut) {
    trace.erase();
    file.close();
    target.end(handedOut);
    if (!handedOut) {
      free();
    }
  }

  /** Frees the memory, once no copy to it is under way. */
  private void free() {
    try {
      target.settle(Deadline.after(PosixSession.GRACE));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, "a copy failed", e);
    }
    if (target.isSettled()) {
      target.buffer().close();
    } else {
      LOG.log(Level.ERROR, "{0}: a copy hangs; its memory is lost", file.path());
    }
  }
}
