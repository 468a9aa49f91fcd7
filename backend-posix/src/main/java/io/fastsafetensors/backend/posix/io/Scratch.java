// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory of one thread for reads that can't go to their place directly; made when first needed. */
final class Scratch implements AutoCloseable {
  private final long bytes;
  private @Nullable Arena arena;
  private @Nullable MemorySegment memory;

  /** Makes scratch memory of so many bytes. */
  Scratch(long bytes) {
    this.bytes = bytes;
  }

  /** Returns the first bytes of the memory, aligned for direct reads. */
  @SuppressWarnings("MustBeClosedChecker") // closed with this
  MemorySegment take(long count) {
    MemorySegment known = memory;
    if (known == null) {
      arena = Arena.ofConfined();
      known = arena.allocate(bytes, Tuning.GRAIN);
      memory = known;
    }
    return known.asSlice(0, count);
  }

  @Override
  public void close() {
    if (arena != null) {
      arena.close();
    }
  }
}
