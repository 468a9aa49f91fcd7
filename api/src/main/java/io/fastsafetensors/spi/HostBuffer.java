// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Host memory, whoever allocated it. */
final class HostBuffer implements DeviceBuffer {
  private final MemorySegment segment;
  private final Runnable release;
  private volatile boolean closed;

  HostBuffer(MemorySegment segment, Runnable release) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a device buffer can't be heap memory: " + segment);
    }
    this.segment = segment;
    this.release = release;
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public long address() {
    return open().address();
  }

  @Override
  public long size() {
    return segment.byteSize();
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.of(open());
  }

  private MemorySegment open() {
    if (closed) {
      throw new IllegalStateException("this buffer of " + size() + " bytes is closed");
    }
    return segment;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      release.run();
      closed = true;
    }
  }
}
