// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An open device: allocates its memory, and makes streams that move bytes in it.
 *
 * <p>Thread-safe. A thread attaches itself before it calls anything else on this context, its
 * buffers or its streams (rule D-102); contexts that need no such thing do nothing then.
 *
 * @since 0.1
 */
public interface DeviceContext extends AutoCloseable {
  /**
   * Returns the device.
   *
   * @return the device that was opened
   */
  Device device();

  /** Makes this context current for the calling thread; cheap when it already is. */
  void attach();

  /**
   * Allocates device memory; its contents are undefined.
   *
   * @param bytes the size, not negative; 0 gives a buffer without memory
   * @param alignment a power of two that divides the buffer's address
   * @return the buffer; the caller closes it
   * @throws DeviceMemoryException if there is not enough: nothing is allocated
   */
  DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException;

  /**
   * Allocates host memory from which and to which this device copies fastest (page-locked where the
   * device knows such a thing). Memory of some MiB is best made of huge pages: storage writes to
   * small pages at a fraction of its speed.
   *
   * @param bytes the size, above 0
   * @return a host-visible buffer, aligned to a page; the caller closes it
   * @throws DeviceMemoryException if there is not enough: nothing is allocated
   */
  DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException;

  /**
   * Makes a queue for copies and conversions.
   *
   * @return the stream; the caller closes it
   * @throws LoadException if the device refuses
   */
  DeviceStream newStream() throws LoadException;

  /**
   * Tells whether {@link DeviceStream#convert} knows a pair.
   *
   * @param from the source's type
   * @param to the target's type
   * @return true if it does
   */
  boolean canConvert(DType from, DType to);

  /**
   * Returns how much memory there is.
   *
   * @return free and total bytes
   * @throws LoadException if the device doesn't say
   */
  MemoryInfo memory() throws LoadException;

  /**
   * Tells whether host and device have their memory in common, so that the host can write what is
   * allocated as it writes its own: unified memory, by rule D-113. Backends read straight into it
   * then, without staging memory and without a copy.
   *
   * @return true if every buffer of {@link #allocate} has {@link DeviceBuffer#host()}, always the
   *     same; only for {@code cpu} unless overridden
   */
  default boolean isHostVisible() {
    return device().isCpu();
  }

  /**
   * Returns the node of the host's memory that is nearest.
   *
   * @return the node's number, or empty if unknown or if there is only one, and unless overridden
   */
  default OptionalInt numaNode() {
    return OptionalInt.empty();
  }

  /**
   * Returns where the device sits.
   *
   * @return the PCI address as {@code 0000:3b:00.0}, or empty if it has none, and unless overridden
   */
  default Optional<String> pciBus() {
    return Optional.empty();
  }

  /**
   * Closes the context and returns pooled memory to the system. The caller has closed every buffer
   * and stream before (rule D-103). A second call does nothing.
   */
  @Override
  void close();
}
