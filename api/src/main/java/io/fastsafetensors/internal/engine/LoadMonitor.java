// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.ProgressListener;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Locale;

/** Turns what sessions tell into progress, events and logs, and tells them when to stop. */
final class LoadMonitor implements IoMonitor {
  private static final Logger LOG = System.getLogger("io.fastsafetensors.io");

  private final Cancellation cancellation;
  private final ProgressListener progress;
  private final Deadline deadline;
  private final long totalBytes;
  private long doneBytes;
  private volatile boolean abandoned;

  LoadMonitor(LoadOptions options, long totalBytes) {
    this.cancellation = options.cancellation();
    this.progress = options.progress();
    this.deadline = Deadline.after(options.timeout());
    this.totalBytes = totalBytes;
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    record(file, path, offset, bytes, nanos);
    if (LOG.isLoggable(Level.DEBUG)) {
      LOG.log(
          Level.DEBUG,
          "read: thread={0}, file={1}, path={2}, offset={3}, count={4}, {5} us",
          Thread.currentThread().getName(),
          file,
          name(path),
          Long.toString(offset),
          Long.toString(bytes),
          Long.toString(nanos / 1000));
    }
    synchronized (this) {
      // Gaps between tensors may be read too; they are no progress beyond the whole.
      doneBytes = Math.min(totalBytes, doneBytes + bytes);
      progress.onProgress(doneBytes, totalBytes);
    }
  }

  private static void record(Path file, TransferPath path, long offset, long bytes, long nanos) {
    BlockReadEvent event = new BlockReadEvent();
    if (event.shouldCommit()) {
      event.file = file.toString();
      event.path = name(path);
      event.offset = offset;
      event.bytes = bytes;
      event.readTime = nanos;
      event.commit();
    }
  }

  private static String name(TransferPath path) {
    return path.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    if (cancellation.isCancelled()) {
      throw new LoadCancelledException("the load was cancelled" + soFar(), false);
    }
    if (deadline.hasPassed()) {
      throw new LoadCancelledException(
          "the load took longer than " + deadline.allowed() + soFar(), true);
    }
    if (abandoned) {
      throw new LoadCancelledException("another file of the load failed" + soFar(), false);
    }
  }

  private synchronized String soFar() {
    return ": " + doneBytes + " of " + totalBytes + " bytes were in place";
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }

  /** Stops all files at their next block, because one of them failed. */
  void abandon() {
    abandoned = true;
  }
}
