// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.ProgressListener;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Turns what sessions tell into progress, events and logs, and tells them when to stop. */
final class LoadMonitor implements IoMonitor {
  private static final Logger LOG = System.getLogger(LoadMonitor.class.getName());

  private final Cancellation cancellation;
  private final ProgressListener progress;
  private final Deadline deadline;
  private final BooleanSupplier loaderClosed;
  private final long totalBytes;
  private final LoadMemory memory;
  private long doneBytes;
  private volatile boolean abandoned;
  private volatile @Nullable Throwable listenerFailure;

  LoadMonitor(
      LoadOptions options, long totalBytes, LoadMemory memory, BooleanSupplier loaderClosed) {
    this.memory = memory;
    this.loaderClosed = loaderClosed;
    this.cancellation = options.cancellation();
    this.progress = options.progress();
    this.deadline = Deadline.after(options.timeout());
    this.totalBytes = totalBytes;
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    FlightEvents.blockRead(file, path, offset, bytes, nanos);
    if (LOG.isLoggable(Level.DEBUG)) {
      String thread = Thread.currentThread().getName();
      LOG.log(
          Level.DEBUG,
          "read: file=%s, path=%s, thread=%s, offset=%d, count=%d, %d us"
              .formatted(file, path, thread, offset, bytes, nanos / 1000));
    }
    tellListener(bytes);
  }

  /** Keeps what the listener throws from the threads of sessions, which must end well. */
  private synchronized void tellListener(long bytes) {
    if (listenerFailure != null) {
      return;
    }
    // Gaps between tensors may be read too; they are no progress beyond the whole.
    doneBytes = Math.min(totalBytes, doneBytes + bytes);
    try {
      progress.onProgress(doneBytes, totalBytes);
    } catch (RuntimeException | Error e) {
      listenerFailure = e;
      abandon();
    }
  }

  /** Throws what the listener threw, if it did. */
  void throwListenerFailure() {
    Cleanup.rethrow(listenerFailure);
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    if (cancellation.isCancelled()) {
      throw new LoadCancelledException("the load was cancelled" + soFar(), false);
    }
    if (loaderClosed.getAsBoolean()) {
      throw new LoadCancelledException("the loader was closed" + soFar(), false);
    }
    if (deadline.hasPassed()) {
      throw new LoadCancelledException(
          "the load took longer than " + deadline.allowed() + soFar(), true);
    }
    if (abandoned) {
      throw new LoadCancelledException("another part of the load failed" + soFar(), false);
    }
  }

  private synchronized String soFar() {
    return ": " + doneBytes + " of " + totalBytes + " bytes were in place";
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }

  @Override
  public LoadMemory memory() {
    return memory;
  }

  /** Stops all files at their next block, because one of them failed. */
  void abandon() {
    abandoned = true;
  }
}
