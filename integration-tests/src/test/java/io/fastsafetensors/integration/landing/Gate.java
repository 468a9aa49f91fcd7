// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import io.fastsafetensors.ProgressListener;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Holds the threads that read once so many bytes of a load are in place. */
final class Gate implements ProgressListener, AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private long limit;
  private long done;
  private boolean held;

  /** Lets so many bytes pass before it holds. */
  Gate(long bytes) {
    this.limit = bytes;
  }

  @Override
  public synchronized void onProgress(long doneBytes, long totalBytes) {
    done = doneBytes;
    await(() -> doneBytes < limit, true);
  }

  /** Lets some more bytes pass. */
  synchronized void let(long more) {
    limit = done + more;
    held = false;
    notifyAll();
  }

  /** Holds nobody any more. A buffer that is closed before would wait for readers that are held. */
  @Override
  public synchronized void close() {
    limit = Long.MAX_VALUE;
    notifyAll();
  }

  /** Waits until a thread is held. */
  synchronized void awaitHeld() {
    await(() -> held, false);
  }

  /** Returns how many bytes are in place. */
  synchronized long done() {
    return done;
  }

  private void await(BooleanSupplier condition, boolean holds) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    boolean interrupted = false;
    while (!condition.getAsBoolean()) {
      if (holds) {
        held = true;
        notifyAll();
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("the gate did not open, or nobody came");
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, end - System.nanoTime());
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
