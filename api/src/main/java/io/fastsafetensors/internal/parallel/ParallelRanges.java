// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.parallel;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a job over all ranges of {@code [0, length)}, on the calling thread and, if it is large, on
 * others too: those of the common pool unless others are given.
 *
 * <p>The caller takes ranges like every helper and waits only for ranges that have begun, so that a
 * busy pool, or a job within a job, slows a run but can't block it.
 */
public final class ParallelRanges {
  /** Only to ask segments whether threads other than their owner may touch them. */
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  /** What is done with one range; must not depend on the others. */
  @FunctionalInterface
  public interface Task {
    /** Does the elements from {@code start} to {@code end}, exclusive. */
    void run(long start, long end);
  }

  /** The threads of the common pool, as many as there are processors. */
  public static final Helpers PROCESSORS =
      new Helpers(
          ForkJoinPool.getCommonPoolParallelism(),
          job -> {
            ForkJoinPool.commonPool().execute(job);
            return true;
          });

  /**
   * Threads that help the calling one.
   *
   * @param most how many at most
   * @param starter has a thread run a job soon; false if there is none
   */
  public record Helpers(int most, Predicate<Runnable> starter) {}

  private final long length;
  private final long grain;
  private final long ranges;
  private final Task task;
  private final AtomicLong next = new AtomicLong();
  private final Phaser running = new Phaser(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private ParallelRanges(long length, long grain, Task task) {
    this.length = length;
    this.grain = grain;
    this.ranges = Math.ceilDiv(length, grain);
    this.task = task;
  }

  /**
   * Runs a task over {@code [0, length)} and returns when all of it is done, or, after the first
   * failure, when no range is running any more.
   *
   * @param length how many elements; not negative
   * @param grain how many elements a range has, but the last; a job of one range stays on the
   *     calling thread
   * @param task what to do with a range; its failure is thrown here as it is
   * @param touched the memory that the task touches: if a part is confined to the calling thread,
   *     so is the job
   * @throws IllegalArgumentException if the length is negative or the grain not positive
   */
  public static void run(long length, long grain, Task task, MemorySegment... touched) {
    run(length, grain, PROCESSORS, task, touched);
  }

  /** Runs a task with the help of given threads; otherwise as {@link #run}. */
  public static void run(
      long length, long grain, Helpers helpers, Task task, MemorySegment... touched) {
    if (length < 0 || grain < 1) {
      throw new IllegalArgumentException("length " + length + ", grain " + grain);
    }
    if (length <= grain || !Stream.of(touched).allMatch(s -> s.isAccessibleBy(STRANGER))) {
      task.run(0, length);
    } else {
      new ParallelRanges(length, grain, task).runShared(helpers);
    }
  }

  private void runShared(Helpers helpers) {
    long wanted = Math.min(ranges - 1, helpers.most);
    for (long i = 0; i < wanted && helpers.starter.test(this::help); i++) {}
    takeRanges();
    running.arriveAndAwaitAdvance();
    rethrow(failure.get());
  }

  private void help() {
    running.register();
    takeRanges();
    running.arriveAndDeregister();
  }

  /** A helper that comes when the caller is already waiting or gone finds no range left. */
  private void takeRanges() {
    try {
      for (long i = nextRange(); i < ranges; i = nextRange()) {
        long start = i * grain;
        task.run(start, Math.min(length - start, grain) + start);
      }
    } catch (Throwable thrown) {
      fail(thrown);
    }
  }

  private long nextRange() {
    return next.getAndIncrement();
  }

  private void fail(Throwable thrown) {
    next.set(ranges);
    if (!failure.compareAndSet(null, thrown)) {
      @Nullable Throwable first = failure.get();
      if (first != null && !first.equals(thrown)) {
        first.addSuppressed(thrown);
      }
    }
  }

  private static void rethrow(@Nullable Throwable thrown) {
    switch (thrown) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(thrown);
    }
  }
}
