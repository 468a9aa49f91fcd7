// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.io.GdsFileStats.Took;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.io.ParallelTicket;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A file being read: its reads, and its memory until that is handed over. */
final class GdsTicket extends ParallelTicket {
  private static final Logger LOG = System.getLogger(GdsTicket.class.getName());

  private final GdsFile file;
  private final RangeLayout layout;
  private final DeviceBuffer buffer;
  private final Manner manner;
  private final IoMonitor monitor;
  private final GdsFileStats stats = new GdsFileStats();

  /** The last copy of this file that each reader queued. */
  private final Map<Reader, StreamMark> copies = new ConcurrentHashMap<>();

  /** Reads that nobody has begun; guarded by the lock of the {@link GdsReadQueue}. */
  final Iterator<Read> pending;

  GdsTicket(
      GdsFile file,
      RangeLayout layout,
      DeviceBuffer buffer,
      List<Read> reads,
      Manner manner,
      IoMonitor monitor) {
    super(file.path(), monitor, reads.size());
    this.file = file;
    this.layout = layout;
    this.buffer = buffer;
    this.manner = manner;
    this.monitor = monitor;
    this.pending = reads.iterator();
  }

  GdsFile file() {
    return file;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  /** Does a read. */
  void read(Read read, Reader reader) throws LoadException {
    monitor.checkpoint();
    Took took = reader.run(this, read, monitor.deadline());
    TransferPath path = path(took.way());
    stats.add(took, path, read.bytes());
    monitor.blockDone(file.path(), path, read.offset(), read.bytes(), took.readNanos());
  }

  /** Returns how reports call the path of a way. */
  private TransferPath path(Read.Way way) {
    return way == Read.Way.STAGED ? TransferPath.BUFFERED : manner.path();
  }

  /** Notes that a copy of this file is under way; later ones of the same reader come after it. */
  void copying(Reader reader, StreamMark mark) {
    copies.put(reader, mark);
  }

  @Override
  protected LoadedRanges finish() throws LoadException {
    long start = System.nanoTime();
    settle(monitor.deadline());
    stats.addCopyNanos(System.nanoTime() - start);
    file.checkUnchanged();
    Reason reason = manner.reason(stats.shares());
    return LoadedRanges.of(List.of(buffer), layout.regions(buffer), stats.toStats(reason));
  }

  /** Waits until all that was read is in its place. */
  private void settle(Deadline deadline) throws LoadException {
    @Nullable LoadException first = null;
    for (StreamMark mark : copies.values()) {
      try {
        mark.await(deadline);
      } catch (LoadException e) {
        first = first == null ? e : first; // and on: others may still be at it
      }
    }
    if (first != null) {
      throw first;
    }
  }

  @Override
  protected void release(boolean handedOut) {
    file.close();
    if (!handedOut) {
      free();
    }
  }

  /** Frees the memory, once no copy to it is under way. */
  private void free() {
    try {
      settle(Deadline.after(GdsSession.GRACE));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, "a copy failed", e);
    }
    if (copies.values().stream().allMatch(StreamMark::isDone)) {
      buffer.close();
    } else {
      LOG.log(Level.ERROR, "{0}: a copy hangs; its memory is lost", file.path());
    }
  }
}
