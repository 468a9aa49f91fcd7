// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How much host memory there is, and the error when it is not enough. Who asks first is refused;
 * who doesn't may be killed by the kernel, where memory is overcommitted.
 *
 * @param memory tells what there is, or nothing; thread-safe
 * @since 0.1
 */
public record HostLimits(Supplier<Optional<MemoryInfo>> memory) {
  /** Those of this process. */
  public static final HostLimits SYSTEM = new HostLimits(HostMemory::memory);

  private static final String REMEDY =
      "free memory, load fewer tensors, or map the files instead of copying them";

  /**
   * Tells whether there is memory.
   *
   * @param bytes how much
   * @return false if there is less; true also where that is unknown
   */
  public boolean allow(long bytes) {
    return memory.get().map(MemoryInfo::freeBytes).orElse(Long.MAX_VALUE) >= bytes;
  }

  /**
   * Makes sure that there is memory.
   *
   * @param bytes how much
   * @throws DeviceMemoryException if there is less
   */
  public void check(long bytes) throws DeviceMemoryException {
    if (!allow(bytes)) {
      throw exceeded(bytes, null);
    }
  }

  /**
   * Makes the error of memory that is not there.
   *
   * @param bytes how much was needed
   * @param cause why not, or null
   * @return the error, which says how much there is and what to do
   */
  public DeviceMemoryException exceeded(long bytes, @Nullable Throwable cause) {
    String detail = cause == null ? REMEDY : cause.getMessage() + "; " + REMEDY;
    long free = memory.get().map(MemoryInfo::freeBytes).orElse(-1L);
    return new DeviceMemoryException(Device.CPU, bytes, free, detail, cause);
  }
}
