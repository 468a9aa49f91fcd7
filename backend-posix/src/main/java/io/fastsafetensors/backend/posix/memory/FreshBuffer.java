// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.LoadMemory;
import org.jspecify.annotations.Nullable;

/** A buffer in a block of memory, which goes back to the pool when all its pages were made. */
final class FreshBuffer extends PagePromise implements LateBuffer {
  private final DeviceBuffer buffer;

  FreshBuffer(
      PagePool pool,
      PagePool.Block block,
      long bytes,
      long alignment,
      LoadMemory.@Nullable Reservation promise) {
    super(pool.pages(), promise);
    long begin = (block.address() + alignment - 1) & -alignment;
    this.buffer =
        NativeMemory.buffer(
            begin,
            bytes,
            false,
            () -> {
              end(false);
              pool.give(block, isComplete());
            });
  }

  @Override
  public DeviceBuffer buffer() {
    return buffer;
  }
}
