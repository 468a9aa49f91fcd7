// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Simulated device memory. */
final class FakeBuffer implements DeviceBuffer {
  private final FakeContext context;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final Ledger.Entry entry;
  private final boolean hostVisible;

  FakeBuffer(FakeContext context, long bytes, long alignment, String kind, boolean hostVisible) {
    this.context = context;
    this.memory = arena.allocate(bytes, alignment);
    // What nobody wrote is seen: not zeros.
    memory.fill((byte) 0x5A);
    this.entry = context.runtime().ledger.open(kind, bytes);
    this.hostVisible = hostVisible;
  }

  /** Returns the memory as the device sees it. */
  MemorySegment onDevice() {
    entry.checkOpen();
    return memory;
  }

  @Override
  public Device device() {
    return context.device();
  }

  @Override
  public long address() {
    checkOpen();
    return memory.address();
  }

  @Override
  public long size() {
    return memory.byteSize();
  }

  @Override
  public Optional<MemorySegment> host() {
    checkOpen();
    return hostVisible ? Optional.of(memory) : Optional.empty();
  }

  private void checkOpen() {
    if (!entry.isOpen()) {
      throw new IllegalStateException("this buffer is closed");
    }
  }

  @Override
  public synchronized void close() {
    context.checkUsable();
    if (context.runtime().busyOnClose) {
      throw new IllegalStateException("an I/O operation is using this buffer");
    }
    entry.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
