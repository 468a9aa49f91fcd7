// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Two staging buffers: one is filled from the file while the device empties the other. */
final class StagingPair implements AutoCloseable {
  static final int COUNT = 2;

  private static final long DEFAULT_BLOCK = 256 << 10;

  private final List<DeviceBuffer> buffers;

  StagingPair(DeviceContext context, long blockBytes) throws LoadException {
    long bytes = blockBytes == 0 ? DEFAULT_BLOCK : blockBytes;
    DeviceBuffer first = context.allocateStaging(bytes);
    try {
      this.buffers = List.of(first, context.allocateStaging(bytes));
    } catch (LoadException | RuntimeException e) {
      first.close();
      throw e;
    }
  }

  long blockBytes() {
    return buffers.getFirst().size();
  }

  MemorySegment get(int index) {
    return buffers.get(index).host().orElseThrow();
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }
}
