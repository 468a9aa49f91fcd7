// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.internal.parallel.ParallelRanges;

/**
 * Work of processors, spread over the caller and the JVM's common pool. The caller waits only for
 * ranges that have begun, so that a busy pool slows it but can't block it. What waits for storage
 * or a device belongs to {@link SessionThreads}. Thread-safe.
 *
 * @since 0.1
 */
public final class ParallelWork {
  private ParallelWork() {}

  /**
   * What is done with one range; must not depend on the others.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Task {
    /**
     * Does a range; called by several threads at a time.
     *
     * @param start its first element
     * @param end the element after its last
     */
    void run(long start, long end);
  }

  /**
   * Runs a task over {@code [0, length)}; blocks until all of it is done or, after the first
   * failure, until no range is running any more.
   *
   * @param length how many elements, such as bytes; not negative
   * @param grain how many elements a range has, but the last; work of one range stays on the
   *     calling thread
   * @param task what to do with a range; its failure is thrown here as it is
   * @throws IllegalArgumentException if the length is negative or the grain not positive
   */
  public static void run(long length, long grain, Task task) {
    ParallelRanges.run(length, grain, task::run);
  }
}
