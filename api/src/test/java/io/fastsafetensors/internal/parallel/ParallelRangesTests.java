// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ParallelRangesTests {
  @Test
  void everyElementIsDoneOnce() {
    for (long grain : new long[] {1, 3, 10, 99, 100, 101, Long.MAX_VALUE}) {
      AtomicLongArray seen = new AtomicLongArray(100);
      ParallelRanges.run(
          100,
          grain,
          (start, end) -> {
            for (long i = start; i < end; i++) {
              seen.incrementAndGet((int) i);
            }
          });
      for (int i = 0; i < 100; i++) {
        assertThat(seen.get(i)).as("element %s at grain %s", i, grain).isEqualTo(1);
      }
    }
  }

  @Test
  void hugeLengthsDoNotOverflow() {
    AtomicLong sum = new AtomicLong();
    ParallelRanges.run(
        Long.MAX_VALUE, Long.MAX_VALUE / 2, (start, end) -> sum.addAndGet(end - start));
    assertThat(sum).hasValue(Long.MAX_VALUE);
  }

  @Test
  void aSmallJobStaysOnTheCallingThread() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    ParallelRanges.run(10, 10, (start, end) -> threads.add(Thread.currentThread()));
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void aLargeJobRunsOnSeveralThreadsAtOnce() throws InterruptedException {
    CountDownLatch both = new CountDownLatch(2);
    AtomicInteger met = new AtomicInteger();
    ParallelRanges.run(
        2,
        1,
        (start, end) -> {
          both.countDown();
          if (awaited(both)) {
            met.incrementAndGet();
          }
        });
    assertThat(met).hasValue(2);
  }

  @Test
  void confinedMemoryKeepsTheJobOnTheCallingThread() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment confined = arena.allocate(8);
      ParallelRanges.run(1000, 1, (start, end) -> threads.add(Thread.currentThread()), confined);
    }
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void aFailureEndsTheJobAndIsThrownOnceNothingRuns() {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger begun = new AtomicInteger();
    assertThatThrownBy(() ->
            ParallelRanges.run(
                1_000_000,
                1,
                (start, end) -> {
                  inside.incrementAndGet();
                  try {
                    if (begun.incrementAndGet() > 10) {
                      throw new IllegalStateException("range " + start);
                    }
                  } finally {
                    inside.decrementAndGet();
                  }
                }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("range ");
    assertThat(inside).hasValue(0);
    assertThat(begun).hasValueLessThan(1000);
  }

  @Test
  void aRunReturnsWhileThePoolIsBusy() {
    CountDownLatch release = new CountDownLatch(1);
    ForkJoinPool pool = ForkJoinPool.commonPool();
    for (int i = 0; i < pool.getParallelism(); i++) {
      pool.execute(() -> awaited(release));
    }
    AtomicLong done = new AtomicLong();
    ParallelRanges.run(100, 1, (start, end) -> done.addAndGet(end - start));
    release.countDown();
    assertThat(done).hasValue(100);
  }

  @Test
  void aJobWithinAJobEnds() {
    AtomicLong done = new AtomicLong();
    ParallelRanges.run(
        50, 1, (a, b) -> ParallelRanges.run(50, 1, (start, end) -> done.addAndGet(end - start)));
    assertThat(done).hasValue(2500);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ParallelRanges.run(-1, 1, (a, b) -> {}));
    assertThatIllegalArgumentException().isThrownBy(() -> ParallelRanges.run(1, 0, (a, b) -> {}));
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
