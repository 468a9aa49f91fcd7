// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * A queue of copies and conversions that a device carries out in order.
 *
 * <p>Operations may be carried out before or after the call returns; memory they touch stays valid
 * and unchanged until a later {@link #record mark} is done (rule D-201). An operation that fails
 * later makes the next {@link StreamMark#await} fail (rule D-202). One thread at a time uses a
 * stream.
 *
 * @since 0.1
 */
public interface DeviceStream extends AutoCloseable {
  /**
   * Returns the device's context.
   *
   * @return the context that made this stream
   */
  DeviceContext context();

  /**
   * Copies between regions of this device, or from another device of the same type.
   *
   * @param source where from
   * @param target where to, with as many rows of the same size; must not overlap the source
   * @throws LoadException if the device refuses
   * @throws IllegalArgumentException if the rows differ
   */
  void copy(Region source, Region target) throws LoadException;

  /**
   * Copies host memory to the device.
   *
   * @param source as many bytes as the target, row after row; for any thread, and native unless the
   *     device is {@code cpu} (rule D-203)
   * @param target where to
   * @throws LoadException if the device refuses
   * @throws IllegalArgumentException if the sizes differ
   */
  void copyFromHost(MemorySegment source, Region target) throws LoadException;

  /**
   * Copies device memory to the host.
   *
   * @param source where from
   * @param target as many bytes as the source, row after row; for any thread, and native unless the
   *     device is {@code cpu} (rule D-203)
   * @throws LoadException if the device refuses
   * @throws IllegalArgumentException if the sizes differ
   */
  void copyToHost(Region source, MemorySegment target) throws LoadException;

  /**
   * Converts elements to another type by the tables of {@link DType}, bit by bit as {@link
   * HostMemory#convert} does (rule D-206).
   *
   * @param source contiguous elements
   * @param from their type
   * @param target contiguous space for as many elements; must not overlap the source
   * @param to the new type
   * @throws LoadException if the device refuses
   * @throws IllegalArgumentException if {@link DeviceContext#canConvert} says no, or if the sizes
   *     don't match
   */
  void convert(Region source, DType from, Region target, DType to) throws LoadException;

  /**
   * Makes a mark after all that was queued so far.
   *
   * @return the mark; it needs no closing
   * @throws LoadException if the device refuses
   */
  StreamMark record() throws LoadException;

  /**
   * Returns the device's own handle of this queue, for native libraries.
   *
   * @return the handle, such as a {@code CUstream}; 0 if there is none
   */
  long handle();

  /** Waits for what is queued, then frees the queue. A second call does nothing. */
  @Override
  void close();
}
