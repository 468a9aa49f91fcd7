// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The reads of one file. What changes is guarded by the lock of the {@link ReadQueue}. */
final class FileJob {
  private final SourceFile file;
  private final Target target;
  private final FileReader reader;
  private final Sorter sorter;
  private final FileStats stats = new FileStats();

  /** Reads that nobody has looked at yet. */
  final Iterator<FileRead> unsorted;

  /** How many reads are not done yet. */
  int remaining;

  /** How many threads are at it. */
  int running;

  /** What went wrong first. */
  @Nullable Throwable failure;

  /** Whether no more reads are to begin. */
  boolean stopped;

  /** What the last thread does, if nobody waits for it any more. */
  @Nullable Runnable whenIdle;

  FileJob(SourceFile file, Target target, FileReader reader, Sorter sorter) {
    this.file = file;
    this.target = target;
    this.reader = reader;
    this.sorter = sorter;
    this.unsorted = target.reads().iterator();
    this.remaining = target.reads().size();
  }

  SourceFile file() {
    return file;
  }

  Target target() {
    return target;
  }

  FileStats stats() {
    return stats;
  }

  /** Finds the way that a read is to go; makes it ready if it may have to wait for storage. */
  ReadTask sort(FileRead read) throws LoadException {
    TransferPath path = sorter.path(read);
    boolean usesStorage = sorter.usesStorage(path);
    if (usesStorage) {
      target.prepare(read);
    }
    return new ReadTask(this, read, path, usesStorage);
  }

  /** Does a read. */
  void run(ReadTask task, Scratch scratch) throws LoadException {
    IoMonitor monitor = reader.monitor();
    monitor.checkpoint();
    FileRead read = task.read();
    Target.Brought brought = target.bring(read, task.path(), reader, scratch);
    long bytes = Math.min(read.end(), file.size()) - read.offset();
    stats.add(brought, bytes);
    monitor.blockDone(file.path(), brought.path(), read.offset(), bytes, brought.readNanos());
  }

  /** Returns where the bytes are, and says how they came. */
  LoadedRanges loaded() {
    List<Region> regions = target.regions();
    StringBuilder reason = new StringBuilder(target.kind());
    reason.append(": ").append(target.reads().isEmpty() ? "nothing to read" : stats.shares());
    if (stats.usedStorage()) {
      reason.append("; ").append(sorter.describe());
    }
    reason.append("; tensors at multiples of ").append(alignment(regions)).append(" bytes");
    return new LoadedRanges(List.of(target.buffer()), regions, stats.toStats(reason.toString()));
  }

  private static long alignment(List<Region> regions) {
    long bits = regions.stream().mapToLong(Region::address).reduce(4096, (a, b) -> a | b);
    return Long.lowestOneBit(bits);
  }

  boolean isFinished() {
    return remaining == 0 || failure != null;
  }
}
