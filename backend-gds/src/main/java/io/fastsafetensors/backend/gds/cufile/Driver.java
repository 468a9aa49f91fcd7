// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.IoMonitor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * cuFile's driver: opened once, when the first load needs it, and kept for the process, since
 * opening takes seconds on large hosts. Thread-safe.
 */
public final class Driver {
  private static final Logger LOG = System.getLogger(Driver.class.getName());
  private static final long SLICE_MILLIS = 20;
  private static final Thread.Builder THREAD =
      Thread.ofPlatform().daemon().name("fastsafetensors-gds-driver");

  private final CuFile cufile;
  private @Nullable CompletableFuture<Outcome> opening;

  /** What came of opening it. */
  public sealed interface Outcome {
    /** It is open. */
    record Open(DriverProperties properties) implements Outcome {}

    /** It did not open; so it stays until the process ends. */
    record Failed(CuFileException cause) implements Outcome {}
  }

  Driver(CuFile cufile) {
    this.cufile = cufile;
  }

  /** Returns what came of opening it; empty if nobody did yet, or if that is still going on. */
  public synchronized Optional<Outcome> known() {
    return opening == null ? Optional.empty() : Optional.ofNullable(opening.getNow(null));
  }

  /**
   * Opens it, unless that was done, and waits.
   *
   * @throws LoadCancelledException if the load is over before; opening goes on, for the next load
   */
  public Outcome open(IoMonitor monitor) throws LoadCancelledException {
    CompletableFuture<Outcome> started = start();
    try {
      while (true) {
        monitor.checkpoint();
        try {
          return started.get(SLICE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          // once more, unless the load is over
        }
        if (monitor.deadline().hasPassed()) {
          throw new LoadCancelledException("cuFileDriverOpen did not end in time", true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException("interrupted while cuFile's driver was opened", false);
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** Opens it on a thread of its own: a native call can't be left when the load is over. */
  private synchronized CompletableFuture<Outcome> start() {
    CompletableFuture<Outcome> known = opening;
    if (known == null) {
      known = CompletableFuture.supplyAsync(this::attempt, THREAD::start);
      opening = known;
    }
    return known;
  }

  private Outcome attempt() {
    long start = System.nanoTime();
    try {
      cufile.openDriver();
      DriverProperties properties = cufile.properties();
      LOG.log(
          Level.DEBUG,
          () ->
              "opened cuFile's driver in %s us: %s"
                  .formatted((System.nanoTime() - start) / 1000, properties));
      return new Outcome.Open(properties);
    } catch (CuFileException e) {
      return new Outcome.Failed(e);
    }
  }
}
