// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What ends a call of a loader before its work is done. Thread-safe. */
final class StopSignal {
  private volatile Deadline deadline;
  private final BooleanSupplier cancelled;
  private final BooleanSupplier loaderClosed;
  private volatile Supplier<String> progress = () -> "";
  private volatile boolean interrupted;
  private volatile @Nullable Throwable failure;

  private StopSignal(Duration timeout, BooleanSupplier cancelled, BooleanSupplier loaderClosed) {
    this.deadline = Deadline.after(timeout);
    this.cancelled = cancelled;
    this.loaderClosed = loaderClosed;
  }

  /**
   * Starts the time of a load.
   *
   * @param more ends the load besides the switch that its options have
   */
  static StopSignal of(LoadOptions options, Cancellation more, BooleanSupplier loaderClosed) {
    Cancellation given = options.cancellation();
    return new StopSignal(
        options.timeout(), () -> given.isCancelled() || more.isCancelled(), loaderClosed);
  }

  /** Starts the time of a call that can't be cancelled. */
  static StopSignal after(Duration timeout, BooleanSupplier loaderClosed) {
    return new StopSignal(timeout, () -> false, loaderClosed);
  }

  Deadline deadline() {
    return deadline;
  }

  /** Starts the time again, as a part of the work is done, or somebody else is waited for. */
  void restart() {
    deadline = Deadline.after(deadline.allowed());
  }

  /** Says from now on how far the work is, in messages. */
  void tellProgress(Supplier<String> text) {
    progress = text;
  }

  /** Notes that the caller's thread was interrupted. */
  void interrupt() {
    interrupted = true;
  }

  /** Stops all other work of the call; only the first failure counts. */
  synchronized void fail(Throwable thrown) {
    failure = failure == null ? thrown : failure;
  }

  /** Returns what stopped the work, if something failed. */
  @Nullable Throwable failure() {
    return failure;
  }

  /** Tells whether the call is over. */
  boolean isOver() {
    return reason() != null;
  }

  /** Fails if the call is over. */
  void check() throws LoadCancelledException {
    LoadCancelledException reason = reason();
    if (reason != null) {
      throw reason;
    }
  }

  /** Fails if the caller gave up, however late the call is. */
  void checkWanted() throws LoadCancelledException {
    LoadCancelledException reason = unwanted();
    if (reason != null) {
      throw reason;
    }
  }

  /** Returns why the call is over; null if it isn't. */
  @Nullable LoadCancelledException reason() {
    LoadCancelledException unwanted = unwanted();
    if (unwanted != null) {
      return unwanted;
    }
    if (deadline.hasPassed()) {
      return ended("the load took longer than " + Amounts.duration(deadline.allowed()), true);
    }
    return failure == null ? null : ended("another part of the load failed", false);
  }

  private @Nullable LoadCancelledException unwanted() {
    if (cancelled.getAsBoolean()) {
      return ended("the load was cancelled", false);
    }
    if (interrupted) {
      return ended("the loading thread was interrupted", false);
    }
    if (loaderClosed.getAsBoolean()) {
      return ended("the loader was closed", false);
    }
    return null;
  }

  private LoadCancelledException ended(String why, boolean timedOut) {
    return new LoadCancelledException(why + progress.get(), timedOut);
  }
}
