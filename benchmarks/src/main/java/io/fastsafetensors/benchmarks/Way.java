// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.nio.file.Path;

/**
 * A way to load files, to be timed.
 *
 * @param name its name in the table
 * @param loading loads the files of a folder until every byte is in memory
 */
record Way(String name, Loading loading) {
  /** Loads files and tells how long it took, in nanoseconds. */
  @FunctionalInterface
  interface Loading {
    long nanos(Path folder) throws Exception;
  }

  /** Loads files. */
  @FunctionalInterface
  interface Work {
    void load(Path folder) throws Exception;
  }

  /** Makes a way that is timed from outside. */
  static Way timed(String name, Work work) {
    return new Way(
        name,
        folder -> {
          long start = System.nanoTime();
          work.load(folder);
          return System.nanoTime() - start;
        });
  }
}
