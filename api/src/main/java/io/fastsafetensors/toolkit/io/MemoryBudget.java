// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoOptions;

/**
 * What a session may still allocate for ranges (rule IO-113). Thread-safe.
 *
 * @since 0.1
 */
public final class MemoryBudget {
  private final Device device;
  private final long total;
  private long left;

  /**
   * Makes the budget of a session.
   *
   * @param device where the memory is, for messages
   * @param bytes {@link IoOptions#memoryBudget}
   */
  public MemoryBudget(Device device, long bytes) {
    this.device = device;
    this.total = bytes;
    this.left = bytes;
  }

  /**
   * Takes from the budget, before memory is allocated.
   *
   * @param bytes how many
   * @throws DeviceMemoryException if not so many are left: none is taken
   */
  public synchronized void take(long bytes) throws DeviceMemoryException {
    if (bytes > left) {
      String remedy = device.isCpu() ? ", or map the files instead of copying them" : "";
      String detail =
          "the memory budget of the load is %s bytes: raise it, or load fewer tensors%s"
              .formatted(total, remedy);
      throw new DeviceMemoryException(device, bytes, left, detail, null);
    }
    left -= bytes;
  }

  /**
   * Allocates memory that counts.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Allocation {
    /**
     * Allocates a buffer.
     *
     * @param bytes its size
     * @return the buffer
     * @throws DeviceMemoryException if there is no memory
     */
    DeviceBuffer allocate(long bytes) throws DeviceMemoryException;
  }

  /**
   * Takes from the budget and allocates; gives back what was taken if that fails.
   *
   * @param bytes how many
   * @param allocation allocates
   * @return the buffer; whoever frees it without handing it out gives its bytes back
   * @throws DeviceMemoryException if the budget or the device has not so many
   */
  public DeviceBuffer allocate(long bytes, Allocation allocation) throws DeviceMemoryException {
    take(bytes);
    try {
      return allocation.allocate(bytes);
    } catch (DeviceMemoryException | RuntimeException | Error e) {
      giveBack(bytes);
      throw e;
    }
  }

  /**
   * Gives back what was taken for memory that was not handed out, and is freed.
   *
   * @param bytes how many
   */
  public synchronized void giveBack(long bytes) {
    left += bytes;
  }
}
