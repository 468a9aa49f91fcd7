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

  /** Runs work on all ranks; returns what each returned or threw. */
  static List<Object> outcomes(int size, Work<?> work) throws InterruptedException {
    List<ProcessGroup> groups = ProcessGroup.local(size, TIMEOUT);
    List<Future<?>> futures = new ArrayList<>();
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
    List<Object> outcomes = new ArrayList<>();
    for (Future<?> future : futures) {
      try {
        outcomes.add(future.get());
      } catch (ExecutionException e) {
        outcomes.add(e.getCause());
      }
    }
    return outcomes;
  }

  /** Runs work on all ranks; returns what each returned. */
  @SuppressWarnings("unchecked") // what work of T returns is a T
  static <T> List<T> run(int size, Work<T> work) throws InterruptedException {
    List<Object> outcomes = outcomes(size, work);
    for (Object outcome : outcomes) {
      if (outcome instanceof Throwable e) {
        throw new AssertionError("rank " + outcomes.indexOf(e) + " threw", e);
      }
    }
    return (List<T>) outcomes;
  }

  /** Runs work on all ranks, of which each must throw; returns what they threw. */
  static List<Throwable> failures(int size, Work<?> work) throws InterruptedException {
    List<Object> outcomes = outcomes(size, work);
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Throwable.class));
    return outcomes.stream().map(Throwable.class::cast).toList();
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
