// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Host memory for reads that can't go to their place directly: a buffer for each thread that reads
 * so at the same time, made when first needed. Thread-safe; threads are attached to the device.
 *
 * @since 0.1
 */
public final class ScratchMemory implements AutoCloseable {
  private final DeviceContext context;
  private final long bytes;
  private final ConcurrentLinkedDeque<DeviceBuffer> idle = new ConcurrentLinkedDeque<>();

  /**
   * Makes no buffer yet.
   *
   * @param context where staging memory comes from
   * @param bytes the size of a buffer
   */
  public ScratchMemory(DeviceContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
  }

  /**
   * A buffer in use; it is free again when this is closed.
   *
   * @since 0.1
   */
  public final class Lease implements AutoCloseable {
    private final DeviceBuffer buffer;

    private Lease(DeviceBuffer buffer) {
      this.buffer = buffer;
    }

    /**
     * Returns the first bytes of the buffer.
     *
     * @param count how many
     * @return the memory, aligned to a page
     */
    public MemorySegment bytes(long count) {
      return buffer.host().orElseThrow().asSlice(0, count);
    }

    @Override
    public void close() {
      idle.push(buffer);
    }
  }

  /**
   * Takes a buffer.
   *
   * @return the buffer; the caller closes it
   * @throws DeviceMemoryException if there is no memory
   */
  public Lease take() throws DeviceMemoryException {
    DeviceBuffer free = idle.poll();
    return new Lease(free == null ? context.allocateStaging(bytes) : free);
  }

  /** Frees the memory; nobody uses it any more. */
  @Override
  public void close() {
    idle.forEach(DeviceBuffer::close);
    idle.clear();
  }
}
