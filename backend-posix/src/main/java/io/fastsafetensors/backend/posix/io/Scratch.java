// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory of one thread for reads that can't go to their place directly; made when first needed. */
final class Scratch implements AutoCloseable {
  private final DeviceContext context;
  private final long bytes;
  private @Nullable DeviceBuffer buffer;

  /** Makes scratch memory of so many bytes, in huge pages: storage is slow to fill small ones. */
  Scratch(DeviceContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
  }

  /**
   * Returns the first bytes of the memory, aligned for direct reads.
   *
   * @throws DeviceMemoryException if there is no memory
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with this
  MemorySegment take(long count) throws DeviceMemoryException {
    DeviceBuffer known = buffer;
    if (known == null) {
      known = context.allocate(bytes, PosixTuning.GRAIN);
      buffer = known;
    }
    return known.host().orElseThrow().asSlice(0, count);
  }

  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
    }
  }
}
