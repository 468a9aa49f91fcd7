// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Memory that has one owner, whoever allocated it. */
final class OwnedBuffer implements DeviceBuffer {
  private final Device device;
  private final long address;
  private final long size;
  private final @Nullable MemorySegment host;
  private final Runnable release;
  private volatile boolean closed;

  OwnedBuffer(
      Device device, long address, long size, @Nullable MemorySegment host, Runnable release) {
    this.device = device;
    this.address = address;
    this.size = size;
    this.host = host;
    this.release = release;
  }

  @Override
  public Device device() {
    return device;
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
    return Optional.ofNullable(host);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "this buffer of " + size + " bytes on " + device + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      release.run();
      closed = true;
    }
  }
}
