// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/**
 * A way to load files, to be timed.
 *
 * @param name its name in the table
 * @param whole whether it loads every byte, so that bytes a second mean something
 * @param inThisJvm whether it runs in this JVM, which has to compile it first
 * @param maps whether it only maps what is cached, which takes no memory
 * @param states the states of the page cache that it is timed in
 * @param preparation makes a run ready
 */
record Way(
    String name,
    boolean whole,
    boolean inThisJvm,
    boolean maps,
    Set<CacheState> states,
    Preparation preparation) {
  /** What the names of those begin with that end when they have the first tensor. */
  static final String FIRST_TENSOR = "first tensor: ";

  /** Makes a run ready, which takes no part in its time. */
  @FunctionalInterface
  interface Preparation {
    Run prepare(Path folder) throws Exception;
  }

  /** Loads files once and tells how long it took, in nanoseconds. */
  @FunctionalInterface
  interface Run extends AutoCloseable {
    long nanos() throws Exception;

    /** Frees what the preparation made. */
    @Override
    default void close() {}
  }

  /** Loads files. */
  @FunctionalInterface
  interface Work {
    void load(Path folder) throws Exception;
  }

  /** Makes a way that tells its time itself. */
  static Way of(String name, Preparation preparation) {
    return new Way(name, true, true, false, EnumSet.allOf(CacheState.class), preparation);
  }

  /** Makes a way that is timed from outside. */
  static Way timed(String name, Work work) {
    return of(name, folder -> () -> time(() -> work.load(folder)));
  }

  /** Something to be timed. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  static long time(Step step) throws Exception {
    long start = System.nanoTime();
    step.run();
    return System.nanoTime() - start;
  }

  /** Returns this way, timed in some states only. */
  Way only(CacheState first, CacheState... more) {
    return new Way(name, whole, inThisJvm, maps, EnumSet.of(first, more), preparation);
  }

  /** Returns this way, which ends when it has the first tensor. */
  Way untilFirstTensor() {
    return new Way(FIRST_TENSOR + name, false, inThisJvm, maps, states, preparation);
  }

  /** Returns this way, which runs in a process of its own. */
  Way inOtherProcess() {
    return new Way(name, whole, false, maps, states, preparation);
  }

  /** Returns this way, which takes no memory for what is cached, since it maps that. */
  Way mapping() {
    return new Way(name, whole, inThisJvm, true, states, preparation);
  }
}
