// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A device, or the budget given for it, has not enough memory.
 *
 * @since 0.1
 */
public final class DeviceMemoryException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final long neededBytes;
  private final long freeBytes;

  /**
   * Makes an exception.
   *
   * @param device the device
   * @param neededBytes what was asked for, in bytes
   * @param freeBytes what is free, in bytes; negative if unknown
   * @param detail what it was for and what to do, or the native error's name
   * @param cause what was thrown, or null
   */
  public DeviceMemoryException(
      Device device, long neededBytes, long freeBytes, String detail, @Nullable Throwable cause) {
    super(
        device
            + ": needed "
            + Amounts.exactBytes(neededBytes)
            + ", free "
            + (freeBytes < 0 ? "unknown" : Amounts.exactBytes(freeBytes))
            + ": "
            + detail,
        cause);
    this.neededBytes = neededBytes;
    this.freeBytes = freeBytes;
  }

  /**
   * Returns what was asked for.
   *
   * @return bytes
   */
  public long neededBytes() {
    return neededBytes;
  }

  /**
   * Returns what was free.
   *
   * @return bytes; negative if unknown
   */
  public long freeBytes() {
    return freeBytes;
  }
}
