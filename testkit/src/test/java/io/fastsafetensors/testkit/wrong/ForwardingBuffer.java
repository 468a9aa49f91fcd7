// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A right buffer, to make wrong ones of by overriding. */
class ForwardingBuffer implements DeviceBuffer {
  private final DeviceBuffer buffer;

  ForwardingBuffer(DeviceBuffer buffer) {
    this.buffer = buffer;
  }

  @Override
  public Device device() {
    return buffer.device();
  }

  @Override
  public long address() {
    return buffer.address();
  }

  @Override
  public long size() {
    return buffer.size();
  }

  @Override
  public Optional<MemorySegment> host() {
    return buffer.host();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
