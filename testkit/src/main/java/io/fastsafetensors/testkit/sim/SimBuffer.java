// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Simulated device memory: host memory that is kept from the host. */
final class SimBuffer implements DeviceBuffer {
  private final SimContext context;
  private final Arena arena = Arena.ofShared();
  private final long size;
  private final long address;
  private volatile boolean closed;

  SimBuffer(SimContext context, long size, long alignment) {
    this.context = context;
    this.size = size;
    MemorySegment memory = allocate(size);
    this.address = size == 0 ? 0 : context.addresses().map(memory, alignment);
  }

  private MemorySegment allocate(long bytes) {
    try {
      return SimContext.fresh(arena, bytes, 1);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw e;
    }
  }

  @Override
  public Device device() {
    return context.device();
  }

  @Override
  public long address() {
    requireOpen();
    return address;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<MemorySegment> host() {
    requireOpen();
    return Optional.empty();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "this buffer of " + size + " bytes on " + device() + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    context.requireAttached("close of a buffer");
    closed = true;
    context.addresses().unmap(address);
    arena.close();
    context.simulated().release(size);
    context.closed(context.simulated().buffers);
  }
}
