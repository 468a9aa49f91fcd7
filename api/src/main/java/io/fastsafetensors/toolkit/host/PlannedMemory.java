// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.LoadMemory;
import org.jspecify.annotations.Nullable;

/**
 * The host memory that the copies of one load take: promised as a whole, when the first file asks,
 * so that a load that can't fit fails before it reads, or maps its files. Thread-safe; the owner
 * closes it after all that was reserved.
 *
 * @since 0.1
 */
public final class PlannedMemory implements LoadMemory, AutoCloseable {
  private final HostLimits limits;
  private final long planned;
  private final boolean isCopied;
  private @Nullable MemoryReservation whole;
  private @Nullable DeviceMemoryException lacking;

  /**
   * Makes the memory of a load of which nothing was promised yet.
   *
   * @param limits what there is
   * @param planned how much the load takes at a time if it copies all, in bytes; 0 if unknown
   * @param isCopied whether it has to copy: then nothing is promised if the whole isn't there
   */
  public PlannedMemory(HostLimits limits, long planned, boolean isCopied) {
    this.limits = limits;
    this.planned = planned;
    this.isCopied = isCopied;
  }

  @Override
  public synchronized boolean fits() {
    if (whole == null && lacking == null) {
      try {
        whole = limits.reserve(planned);
      } catch (DeviceMemoryException e) {
        lacking = e;
      }
    }
    return whole != null;
  }

  @Override
  public synchronized MemoryReservation reserve(long bytes) throws DeviceMemoryException {
    if (fits() && whole != null) {
      return whole.part(bytes);
    }
    if (isCopied && lacking != null) {
      throw lacking;
    }
    return limits.reserve(bytes);
  }

  /**
   * Makes the memory of somebody who doesn't know how much it will take.
   *
   * @return memory of this process of which nothing was promised
   */
  public static PlannedMemory unplanned() {
    return new PlannedMemory(HostLimits.SYSTEM, 0, false);
  }

  /** Ends what is left of the promise for the whole. */
  @Override
  public synchronized void close() {
    if (whole != null) {
      whole.close();
    }
  }
}
