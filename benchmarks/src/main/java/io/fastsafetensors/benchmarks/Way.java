// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.nio.file.Path;

/**
 * A way to load files, to be timed.
 *
 * @param name its name in the table
 * @param loader loads files until every byte is in memory
 */
record Way(String name, Loading loader) {
  /** Loads files. */
  @FunctionalInterface
  interface Loading {
    void load(Path folder) throws Exception;
  }
}
