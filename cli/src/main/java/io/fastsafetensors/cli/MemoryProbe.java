// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;

/** What memory gives: copied by all processors, and touched for the first time. */
final class MemoryProbe {
  private static final long PART = 64 << 20;
  private static final int MOST_ROUNDS = 8;

  private MemoryProbe() {}

  /** Copies between memory that is there. */
  static Rate copied() {
    return measured("memory, copied", MOST_ROUNDS, true);
  }

  /** Fills some bytes of memory that is new, whose pages the system makes meanwhile. */
  static Rate touched(long bytes) {
    long rounds = bytes / PART / Runtime.getRuntime().availableProcessors();
    return measured("memory, new", Math.clamp(rounds, 1, MOST_ROUNDS), false);
  }

  private static Rate measured(String name, int rounds, boolean isThere) {
    int threads = Runtime.getRuntime().availableProcessors();
    CountDownLatch ready = new CountDownLatch(threads);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      Thread.ofPlatform()
          .daemon()
          .name("fst-memory-probe-" + i)
          .start(() -> work(rounds, isThere, ready, go, done));
    }
    try {
      ready.await();
      long start = System.nanoTime();
      go.countDown();
      done.await();
      long bytes = threads * PART * rounds;
      return new Rate(name, bytes, (System.nanoTime() - start) / 1e9, threads + " threads");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Rate.unknown(name, "interrupted");
    }
  }

  private static void work(
      int rounds, boolean isThere, CountDownLatch ready, CountDownLatch go, CountDownLatch done) {
    try (Arena arena = Arena.ofConfined();
        Arena late = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(isThere ? PART : 1);
      MemorySegment there = arena.allocate(isThere ? PART : 1);
      ready.countDown();
      go.await();
      for (int i = 0; i < rounds; i++) {
        if (isThere) {
          there.copyFrom(source);
        } else {
          var _ = late.allocate(PART); // which clears it
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      done.countDown();
    }
  }
}
