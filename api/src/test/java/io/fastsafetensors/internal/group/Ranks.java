// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Runs work on every rank of a group, each on a thread of its own. */
final class Ranks {
  /** No test waits longer for its ranks. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private Ranks() {}

  /**
   * A rank's work.
   *
   * @param <T> its result
   */
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    T run(Rank rank) throws Exception;
  }

  /** A check on every rank. */
  @FunctionalInterface
  interface Check {
    void run(Rank rank) throws Exception;
  }

  /**
   * How a rank's work ended.
   *
   * @param value the result, or null
   * @param failure what was thrown, or null
   */
  record Outcome<T extends @Nullable Object>(@Nullable T value, @Nullable Throwable failure) {
    CollectiveException collectiveFailure() {
      assertThat(failure).isInstanceOf(CollectiveException.class);
      return (CollectiveException) failure;
    }
  }

  /** Runs work on every rank; returns how it ended, by rank. */
  static <T extends @Nullable Object> List<Outcome<T>> run(List<Transport> groups, Work<T> work)
      throws InterruptedException {
    List<FutureTask<T>> tasks = new ArrayList<>();
    for (Transport group : groups) {
      FutureTask<T> task =
          new FutureTask<>(() -> {
            try (Rank rank = new Rank(group)) {
              return work.run(rank);
            }
          });
      tasks.add(task);
      Thread.ofPlatform().daemon().name("rank-" + group.rank()).start(task);
    }
    List<Outcome<T>> outcomes = new ArrayList<>();
    for (FutureTask<T> task : tasks) {
      outcomes.add(outcome(task));
    }
    return outcomes;
  }

  private static <T extends @Nullable Object> Outcome<T> outcome(FutureTask<T> task)
      throws InterruptedException {
    try {
      return new Outcome<>(task.get(LIMIT.toSeconds(), TimeUnit.SECONDS), null);
    } catch (ExecutionException e) {
      return new Outcome<>(null, e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("a rank hangs", e);
    }
  }

  /** Runs a check on every rank of a local group; each must pass. */
  static void all(int size, Check check) throws InterruptedException {
    List<Outcome<Boolean>> outcomes =
        run(
            Transports.local(size),
            rank -> {
              check.run(rank);
              return true;
            });
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.failure()).isNull());
  }
}
