// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.StreamMark;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The reads of one file. What changes is guarded by the lock of the {@link ReadQueue}. */
final class FileJob {
  private final SourceFile file;
  private final RangeLayout layout;
  private final DeviceBuffer buffer;
  private final Manner manner;
  private final FileStats stats = new FileStats();

  /** The last copy of this file that each lane queued. */
  private final Map<Lane, StreamMark> copies = new ConcurrentHashMap<>();

  /** Reads that nobody has begun. */
  final Iterator<Read> pending;

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

  FileJob(
      SourceFile file, RangeLayout layout, DeviceBuffer buffer, List<Read> reads, Manner manner) {
    this.file = file;
    this.layout = layout;
    this.buffer = buffer;
    this.manner = manner;
    this.pending = reads.iterator();
    this.remaining = reads.size();
  }

  SourceFile file() {
    return file;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  FileStats stats() {
    return stats;
  }

  /** Returns how reports call the path of a way. */
  TransferPath path(Read.Way way) {
    return way == Read.Way.STAGED ? TransferPath.BUFFERED : manner.path();
  }

  /** Notes that a copy of this file is under way; later ones of the same lane come after it. */
  void copying(Lane lane, StreamMark mark) {
    copies.put(lane, mark);
  }

  /**
   * Waits until all that was read is in its place; nothing is to come any more.
   *
   * @throws LoadException if a copy failed, or the deadline passed
   */
  void settle(Deadline deadline) throws LoadException {
    long start = System.nanoTime();
    @Nullable LoadException first = null;
    for (StreamMark mark : copies.values()) {
      try {
        mark.await(deadline);
      } catch (LoadException e) {
        first = first == null ? e : first; // and on: others may still be at it
      }
    }
    stats.addCopyNanos(System.nanoTime() - start);
    if (first != null) {
      throw first;
    }
  }

  /** Tells whether no copy is under way. */
  boolean isSettled() {
    return copies.values().stream().allMatch(StreamMark::isDone);
  }

  boolean isFinished() {
    return remaining == 0 || failure != null;
  }

  /** Returns where the bytes are, and says how they came. */
  LoadedRanges loaded() {
    String reason = stats.shares() + "; " + manner.explain();
    return new LoadedRanges(List.of(buffer), layout.regions(buffer), stats.toStats(reason));
  }
}
