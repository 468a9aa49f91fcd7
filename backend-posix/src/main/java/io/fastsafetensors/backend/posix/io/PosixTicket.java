// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

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
final class PosixTicket implements IoTicket {
  private static final Logger LOG = System.getLogger(PosixTicket.class.getName());

  private final ReadQueue queue;
  private final FileJob job;
  private final IoMonitor monitor;
  private final CacheTrace trace;
  private boolean awaited;
  private boolean closed;
  private boolean handedOver;

  PosixTicket(ReadQueue queue, FileJob job, IoMonitor monitor, CacheTrace trace) {
    this.queue = queue;
    this.job = job;
    this.monitor = monitor;
    this.trace = trace;
  }

  @Override
  public LoadedRanges await() throws LoadException {
    if (awaited || closed) {
      throw new IllegalStateException(job.file().path() + ": this ticket was used before");
    }
    awaited = true;
    awaitReads();
    settle();
    job.file().checkUnchanged();
    LoadedRanges loaded = job.loaded();
    handedOver = true;
    closeFile();
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
    rethrow(job.failure);
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

  private void settle() throws LoadException {
    long start = System.nanoTime();
    job.target().settle(monitor.deadline());
    job.stats().addCopyNanos(System.nanoTime() - start);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.stop(job);
    if (!queue.awaitIdle(job, Deadline.after(PosixSession.GRACE), this::release)) {
      LOG.log(
          Level.ERROR, "{0}: a read hangs; its memory is freed when it ends", job.file().path());
    }
  }

  private void closeFile() {
    trace.erase();
    job.file().close();
  }

  /** Frees what nobody uses any more. */
  private void release() {
    if (handedOver) {
      return;
    }
    closeFile();
    try {
      job.target().settle(Deadline.after(PosixSession.GRACE));
    } catch (LoadException e) {
      LOG.log(Level.DEBUG, "a copy failed", e);
    }
    if (job.target().isSettled()) {
      job.target().buffer().close();
    } else {
      LOG.log(Level.ERROR, "{0}: a copy hangs; its memory is lost", job.file().path());
    }
  }
}
