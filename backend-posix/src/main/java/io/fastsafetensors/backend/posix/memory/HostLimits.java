// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import org.jspecify.annotations.Nullable;

/** How much memory there is, and the error when it is not enough. */
final class HostLimits {
  private static final String REMEDY =
      "free memory, load fewer tensors, or map the files instead of copying them";

  private HostLimits() {}

  /** Returns what could be allocated now, in bytes; as good as endless if that is unknown. */
  static long freeBytes() {
    return HostMemory.memory().map(MemoryInfo::freeBytes).orElse(Long.MAX_VALUE);
  }

  static void check(long bytes) throws DeviceMemoryException {
    if (bytes > freeBytes()) {
      throw exceeded(bytes, null);
    }
  }

  static DeviceMemoryException exceeded(long bytes, @Nullable Throwable cause) {
    String detail = cause == null ? REMEDY : cause.getMessage() + "; " + REMEDY;
    long free = HostMemory.memory().map(MemoryInfo::freeBytes).orElse(-1L);
    return new DeviceMemoryException(Device.CPU, bytes, free, detail, cause);
  }
}
