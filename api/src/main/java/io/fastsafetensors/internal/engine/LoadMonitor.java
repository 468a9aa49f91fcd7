// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.ProgressListener;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Turns what sessions tell into progress, events and logs, and tells them when to stop. */
final class LoadMonitor implements IoMonitor {
  private static final Logger LOG = System.getLogger(LoadMonitor.class.getName());

  private final ProgressListener progress;
  private final StopSignal signal;
  private final LoadMemory memory;
  private final LoadEvents events;

  /** Written under the lock; who is late reads it without, since a listener may hold that. */
  private volatile long doneBytes;

  private volatile long totalBytes;

  private volatile @Nullable Throwable listenerFailure;

  /** Makes the monitor of reads that are no load. */
  LoadMonitor(ProgressListener progress, long totalBytes, LoadMemory memory, StopSignal signal) {
    this(progress, totalBytes, memory, signal, LoadEvents.NONE);
  }

  LoadMonitor(
      ProgressListener progress,
      long totalBytes,
      LoadMemory memory,
      StopSignal signal,
      LoadEvents events) {
    this.progress = progress;
    this.memory = memory;
    this.events = events;
    this.signal = signal;
    this.totalBytes = totalBytes;
    signal.tellProgress(() -> ": " + doneBytes + " of " + totalBytes + " bytes were in place");
  }

  /** Says that more is read than was known before; called before that is. */
  synchronized void expect(long bytes) {
    totalBytes += bytes;
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    events.read(file, path, offset, bytes, nanos);
    if (LOG.isLoggable(Level.DEBUG)) {
      String thread = Thread.currentThread().getName();
      LOG.log(
          Level.DEBUG,
          "read: file=%s, path=%s, thread=%s, offset=%s, count=%s, %s us"
              .formatted(file, path, thread, offset, bytes, nanos / 1000));
    }
    tellListener(bytes);
  }

  @Override
  public void memoryMade(Path file, long bytes, long nanos) {
    events.done(LoadEvent.Kind.MEMORY, file, bytes, nanos);
  }

  @Override
  public void stagingAwaited(Path file, long nanos) {
    events.done(LoadEvent.Kind.STAGING, file, 0, nanos);
  }

  @Override
  public void copiesAwaited(Path file, long nanos) {
    events.done(LoadEvent.Kind.COPY, file, 0, nanos);
  }

  /** Keeps what the listener throws from the threads of sessions, which must end well. */
  private synchronized void tellListener(long bytes) {
    if (listenerFailure != null) {
      return;
    }
    // Gaps between tensors may be read too; they are no progress beyond the whole.
    doneBytes = Math.min(totalBytes, doneBytes + bytes);
    if (signal.isOver()) {
      return; // its caller has its exception, or soon will
    }
    try {
      progress.onProgress(doneBytes, totalBytes);
    } catch (RuntimeException | Error e) {
      listenerFailure = e;
      signal.fail(e);
    }
  }

  /** Throws what the listener threw, if it did. */
  void throwListenerFailure() {
    Cleanup.rethrow(listenerFailure);
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    signal.check();
  }

  @Override
  public Deadline deadline() {
    return signal.deadline();
  }

  @Override
  public LoadMemory memory() {
    return memory;
  }

  /** Stops all files at their next block, because one of them failed. */
  void abandon(Throwable failure) {
    signal.fail(failure);
  }
}
