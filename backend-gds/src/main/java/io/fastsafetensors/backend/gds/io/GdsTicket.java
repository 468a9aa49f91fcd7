// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/** A file being read: waits for its reads, and hands over or frees its memory. */
final class GdsTicket implements IoTicket {
  private static final Logger LOG = System.getLogger(GdsTicket.class.getName());

  private final ReadQueue queue;
  private final FileJob job;
  private final IoMonitor monitor;
  private boolean awaited;
  private boolean closed;
  private boolean handedOver;

  GdsTicket(ReadQueue queue, FileJob job, IoMonitor monitor) {
    this.queue = queue;
    this.job = job;
    this.monitor = monitor;
  }

  @Override
  public LoadedRanges await() throws LoadException {
    if (awaited || closed) {
      throw new IllegalStateException(job.file().path() + ": this ticket was used before");
    }
    awaited = true;
    awaitReads();
    job.settle(monitor.deadline());
    rethrow(queue.failure(job));
    job.file().checkUnchanged();
    LoadedRanges loaded = job.loaded();
    handedOver = true;
    job.file().close();
    return loaded;
  }

  private void awaitReads() throws LoadException {
    try {
      if (!queue.awaitFinished(job, monitor.deadline())) {
        monitor.checkpoint();
        throw new LoadCancelledException(job.file().path() + ": not read in time", true);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException(job.file().path() + ": interrupted", false);
    }
    rethrow(queue.failure(job));
  }

  private static void rethrow(@Nullable Throwable failure) throws LoadException {
    switch (failure) {
      case null -> {}
      case LoadException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(failure);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.stop(job);
    if (!queue.awaitIdle(job, Deadline.after(GdsSession.GRACE), this::release)) {
      LOG.log(
          Level.ERROR, "{0}: a read hangs; its memory is freed when it ends", job.file().path());
    }
  }

  /** Frees what nobody uses any more. */
  private void release() {
    if (handedOver) {
      return;
    }
    job.file().close();
    try {
      job.settle(Deadline.after(GdsSession.GRACE));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, "a copy failed", e);
    }
    if (job.isSettled()) {
      job.buffer().close();
    } else {
      LOG.log(Level.ERROR, "{0}: a copy hangs; its memory is lost", job.file().path());
    }
  }
}
