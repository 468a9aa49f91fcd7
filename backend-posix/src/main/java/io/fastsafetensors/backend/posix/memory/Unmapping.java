// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.toolkit.io.ParallelWork;

/** Gives mapped memory back to the system. */
public final class Unmapping {
  /** What one thread empties in one go: what others do to the process's memory waits as long. */
  private static final long BLOCK = 64L << 20;

  private Unmapping() {}

  /**
   * Unmaps memory that has many pages. The kernel takes them back with the one thread that unmaps,
   * which lasts as long as to fill page tables did; but many threads may take them out before.
   *
   * @param libc the system
   * @param address where the memory starts, at a page
   * @param bytes its size
   */
  public static void unmap(Libc libc, long address, long bytes) {
    if (bytes >= 2 * BLOCK) {
      // A hint: what is refused is left to the one call that unmaps all.
      ParallelWork.run(
          bytes,
          BLOCK,
          (from, to) -> libc.madvise(address + from, to - from, MemoryAdvice.DONT_NEED));
    }
    libc.munmap(address, bytes);
  }
}
