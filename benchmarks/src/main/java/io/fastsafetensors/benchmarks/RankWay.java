// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** A way in which a rank gets what it wants of the tensors of a folder. */
@FunctionalInterface
interface RankWay {
  /** Makes a run ready, which takes no part in its time; maps no page. */
  Run prepare(Path folder, String want) throws Exception;

  /** Gets the parts, once. */
  @FunctionalInterface
  interface Run extends AutoCloseable {
    /** Returns the memory that the parts are in, until the run is closed. */
    List<MemorySegment> get() throws Exception;

    @Override
    default void close() {}
  }
}
