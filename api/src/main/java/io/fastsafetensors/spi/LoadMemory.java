// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.DeviceMemoryException;
import java.lang.ScopedValue.CallableOp;
import org.jspecify.annotations.Nullable;

/**
 * The host memory that the copies of one load take: promised as a whole, when the first file asks,
 * so that a load that can't fit fails before it reads, or maps its files. Thread-safe.
 *
 * @since 0.1
 */
public final class LoadMemory implements AutoCloseable {
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
  public LoadMemory(HostLimits limits, long planned, boolean isCopied) {
    this.limits = limits;
    this.planned = planned;
    this.isCopied = isCopied;
  }

  /**
   * Tells whether there is memory to copy the whole load; backends that may choose map files if
   * not. Asked once a load: the answer stays as it is.
   *
   * @return true if all of it was promised to this load
   */
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

  /**
   * Promises memory for a file.
   *
   * @param bytes how much
   * @return the promise; the caller closes it
   * @throws DeviceMemoryException if there is less, or not enough for a load that has to copy all
   */
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
   * Runs something that allocates host memory for a file, of which all pages are there when it
   * returns.
   *
   * @param <T> what it returns
   * @param <X> what it throws
   * @param bytes how much it allocates
   * @param work the work
   * @return what the work returned
   * @throws DeviceMemoryException if there is less
   * @throws X if the work did
   */
  public <T, X extends Throwable> T during(long bytes, CallableOp<? extends T, X> work)
      throws DeviceMemoryException, X {
    try (MemoryReservation promise = reserve(bytes)) {
      return promise.<T, X>during(work);
    }
  }

  /** Ends what is left of the promise for the whole. */
  @Override
  public synchronized void close() {
    if (whole != null) {
      whole.close();
    }
  }
}
