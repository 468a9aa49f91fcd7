// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.internal.save.SaveControl;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;

/** Ends a save that is cancelled or takes too long, and tells of its progress. Thread-safe. */
final class SaveSignal implements SaveControl {
  private final SaveOptions options;
  private final Deadline deadline;
  private final long total;
  private long done;

  SaveSignal(SaveOptions options, Deadline deadline, long total) {
    this.options = options;
    this.deadline = deadline;
    this.total = total;
  }

  @Override
  public void check() throws LoadCancelledException {
    if (options.cancellation().isCancelled()) {
      throw ended("the save was cancelled", false);
    }
    if (Thread.currentThread().isInterrupted()) {
      throw ended("the saving thread was interrupted", false);
    }
    if (deadline.hasPassed()) {
      throw ended("the save took longer than " + Amounts.duration(deadline.allowed()), true);
    }
  }

  /** Makes what an interrupted thread throws in place of what its files did. */
  static LoadCancelledException interrupted(IOException cause) {
    LoadCancelledException thrown =
        new LoadCancelledException("the saving thread was interrupted", false);
    thrown.addSuppressed(cause);
    return thrown;
  }

  private synchronized LoadCancelledException ended(String why, boolean timedOut) {
    return new LoadCancelledException(
        "%s: %s of %s bytes were written".formatted(why, done, total), timedOut);
  }

  @Override
  public synchronized void written(long bytes) {
    done += bytes;
    options.progress().onProgress(done, total);
  }
}
