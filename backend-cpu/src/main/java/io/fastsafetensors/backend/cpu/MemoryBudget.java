// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;

/** What a session may still allocate. */
final class MemoryBudget {
  private final Device device;
  private final long total;
  private long left;

  MemoryBudget(Device device, long bytes) {
    this.device = device;
    this.total = bytes;
    this.left = bytes;
  }

  synchronized void take(long bytes) throws DeviceMemoryException {
    if (bytes > left) {
      String detail =
          "the memory budget of the load is "
              + total
              + " bytes: raise it, load fewer tensors, or map the files instead of copying them";
      throw new DeviceMemoryException(device, bytes, left, detail, null);
    }
    left -= bytes;
  }

  synchronized void giveBack(long bytes) {
    left += bytes;
  }
}
