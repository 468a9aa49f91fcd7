// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.testkit.ForwardingContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a context allocates, to see what was closed. */
final class CountedContext extends ForwardingContext {
  private final List<DeviceBuffer> buffers = new CopyOnWriteArrayList<>();

  CountedContext(DeviceContext context) {
    super(context);
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    DeviceBuffer buffer = super.allocate(bytes, alignment);
    buffers.add(buffer);
    return buffer;
  }

  long openBuffers() {
    return buffers.stream().filter(CountedContext::isOpen).count();
  }

  /** A closed buffer has no address (rule D-104). */
  private static boolean isOpen(DeviceBuffer buffer) {
    try {
      buffer.address();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
