// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import io.fastsafetensors.ProcessGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Ranks that are threads. */
public final class ThreadRanks {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private ThreadRanks() {}

  /** What each rank does. */
  @FunctionalInterface
  public interface Work {
    void on(ProcessGroup group) throws Exception;
  }

  /** Runs work on all ranks; returns for each what it threw. */
  public static List<Optional<Throwable>> run(int ranks, Work work) throws Exception {
    return run(ranks, TIMEOUT, work);
  }

  /** Runs work on all ranks of a group with some timeout; returns for each what it threw. */
  public static List<Optional<Throwable>> run(int ranks, Duration timeout, Work work)
      throws Exception {
    List<Future<Void>> futures = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(ranks)) {
      for (ProcessGroup group : ProcessGroup.local(ranks, timeout)) {
        Callable<Void> task =
            () -> {
              try (group) {
                work.on(group);
                return null;
              }
            };
        futures.add(threads.submit(task));
      }
    }
    List<Optional<Throwable>> thrown = new ArrayList<>();
    for (Future<Void> future : futures) {
      try {
        future.get(2 * TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        thrown.add(Optional.empty());
      } catch (ExecutionException e) {
        thrown.add(Optional.of(e.getCause()));
      }
    }
    return thrown;
  }

  /** Runs work on all ranks, which all must end well. */
  public static void runWell(int ranks, Work work) throws Exception {
    for (Optional<Throwable> thrown : run(ranks, work)) {
      if (thrown.isPresent()) {
        throw new AssertionError(thrown.get());
      }
    }
  }
}
