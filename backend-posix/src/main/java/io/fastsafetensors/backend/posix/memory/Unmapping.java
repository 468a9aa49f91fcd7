// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.MemoryAdvice;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Gives mapped memory back to the system. In small pages that takes as long as to fill the page
 * tables did, and the kernel unmaps with one thread; but any number may empty them before.
 */
public final class Unmapping {
  /** What one thread empties in one go: what others do to the process's memory waits as long. */
  private static final long BLOCK = 128L << 20;

  /** One block in so many is emptied to see how long the others would take. */
  private static final long SAMPLE = 32;

  /** Less than that is not worth waking threads, nor going over the memory twice. */
  private static final long WORTH_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

  private Unmapping() {}

  /**
   * Unmaps memory, with the threads of the JVM's common pool if it has so many pages that it pays.
   *
   * @param libc the system
   * @param address where the memory starts, at a page
   * @param bytes its size
   */
  public static void unmap(Libc libc, long address, long bytes) {
    long blocks = bytes / BLOCK;
    long sample = Math.ceilDiv(blocks, SAMPLE);
    long start = System.nanoTime();
    LongStream.range(0, sample).forEach(block -> empty(libc, address, block));
    if ((System.nanoTime() - start) * SAMPLE > WORTH_NANOS) {
      LongStream.range(sample, blocks).parallel().forEach(block -> empty(libc, address, block));
    }
    libc.munmap(address, bytes);
  }

  /** A hint: what is refused is left to the one call that unmaps all. */
  private static void empty(Libc libc, long address, long block) {
    libc.madvise(address + block * BLOCK, BLOCK, MemoryAdvice.DONT_NEED);
  }
}
