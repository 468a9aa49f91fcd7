// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Runs work on several ranks, each a thread with a loader of its own. */
final class Ranks {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private Ranks() {}

  /**
   * What a rank does.
   *
   * @param <T> what it returns
   */
  @FunctionalInterface
  interface Work<T> {
    T run(ProcessGroup group) throws Exception;
  }

  /**
   * What a rank does with loaded files.
   *
   * @param <T> what it returns
   */
  @FunctionalInterface
  interface BufferWork<T> {
    T run(ProcessGroup group, FileBuffer buffer) throws Exception;
  }

  /**
   * What became of a rank.
   *
   * @param <T> what its work returns
   * @param returned what its work returned
   * @param thrown what it threw, or null
   */
  private record Outcome<T>(T returned, Throwable thrown) {}

  /** Runs work on all ranks. */
  private static <T> List<Outcome<T>> outcomes(int size, Work<T> work) throws InterruptedException {
    List<ProcessGroup> groups = ProcessGroup.local(size, TIMEOUT);
    List<Future<T>> futures = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      for (ProcessGroup group : groups) {
        futures.add(
            threads.submit(() -> {
              try (group) {
                return work.run(group);
              }
            }));
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(120, TimeUnit.SECONDS)).as("ranks ended").isTrue();
    }
    List<Outcome<T>> outcomes = new ArrayList<>();
    for (Future<T> future : futures) {
      try {
        outcomes.add(new Outcome<>(future.get(), null));
      } catch (ExecutionException e) {
        outcomes.add(new Outcome<>(null, e.getCause()));
      }
    }
    return outcomes;
  }

  /** Runs work on all ranks; returns what each returned. */
  static <T> List<T> run(int size, Work<T> work) throws InterruptedException {
    List<T> returned = new ArrayList<>();
    for (Outcome<T> outcome : outcomes(size, work)) {
      if (outcome.thrown() != null) {
        throw new AssertionError("rank " + returned.size() + " threw", outcome.thrown());
      }
      returned.add(outcome.returned());
    }
    return returned;
  }

  /** Runs work on all ranks, of which each must throw; returns what they threw. */
  static <T> List<Throwable> failures(int size, Work<T> work) throws InterruptedException {
    List<Throwable> thrown = outcomes(size, work).stream().map(Outcome::thrown).toList();
    assertThat(thrown).doesNotContainNull();
    return thrown;
  }

  /** Loads files on all ranks and works with them. */
  static <T> List<T> load(
      Bench bench,
      int size,
      Map<Integer, List<Path>> files,
      LoadOptions options,
      BufferWork<T> work)
      throws InterruptedException {
    return run(
        size,
        group -> {
          try (Loader loader = bench.loader(group).addFiles(files);
              FileBuffer buffer = loader.load(options)) {
            return work.run(group, buffer);
          }
        });
  }
}
