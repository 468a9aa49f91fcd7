// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A load on a thread of its own. Whoever completes its future first, by cancelling it for instance,
 * ends the load; a buffer that comes later is closed.
 */
final class AsyncLoad {
  private final CompletableFuture<FileBuffer> future = new CompletableFuture<>();
  private final Cancellation cancellation = new Cancellation();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable whenEnded;

  /**
   * Makes a load that has not started.
   *
   * @param whenEnded hears that the load has ended, before the future is completed
   */
  AsyncLoad(Runnable whenEnded) {
    this.whenEnded = whenEnded;
  }

  /** Loads, until the switch says that nobody waits for it. */
  @FunctionalInterface
  interface Work {
    FileBuffer load(Cancellation cancellation) throws LoadException;
  }

  /** Starts a load; on the caller's thread if the system allows no other. */
  CompletableFuture<FileBuffer> start(Work work) {
    var _ = future.whenComplete((_, _) -> cancellation.cancel());
    Runnable job = () -> run(work);
    if (!LoadThreads.tryStart(job)) {
      job.run();
    }
    return future;
  }

  /** Says that the load has ended before it completes the future: what waits may load again. */
  private void run(Work work) {
    try {
      FileBuffer buffer = work.load(cancellation);
      if (future.isDone()) {
        buffer.close();
      }
      end();
      if (!future.complete(buffer)) {
        buffer.close(); // the second time it does nothing
      }
    } catch (Throwable e) {
      end();
      future.completeExceptionally(e);
    }
  }

  private void end() {
    if (ended.getCount() > 0) {
      whenEnded.run();
      ended.countDown();
    }
  }

  /**
   * Makes sure that the load has ended; waits only for one that nobody else waits for.
   *
   * @throws IllegalStateException if it is under way, or does not end in time
   */
  void checkEnded(Duration timeout) {
    if (ended.getCount() == 0) {
      return;
    }
    if (!future.isDone()) {
      throw new IllegalStateException(
          "a load that loadAsync started is under way: wait for its future, or cancel it");
    }
    try {
      if (!ended.await(Deadline.after(timeout).remainingNanos(), TimeUnit.NANOSECONDS)) {
        throw new IllegalStateException(
            "a load that was cancelled has not ended in " + Amounts.duration(timeout));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a cancelled load ends", e);
    }
  }
}
