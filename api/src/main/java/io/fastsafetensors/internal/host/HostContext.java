// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.toolkit.device.HostMemoryContext;
import io.fastsafetensors.toolkit.host.HostLimits;

/** Host memory from the Java platform: each buffer is an arena of its own. */
final class HostContext extends HostMemoryContext {
  /** Opens the context; {@code limits} tell what there is. */
  HostContext(HostLimits limits) {
    super(limits);
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkRequest(bytes, alignment);
    return allocateInArena(bytes, alignment);
  }
}
