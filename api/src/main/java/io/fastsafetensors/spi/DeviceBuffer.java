// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A piece of memory on a device.
 *
 * <p>Device memory is never a sized {@link MemorySegment}: reading it from Java would end the
 * process. Only memory that the host can read has {@link #host()}: that of {@code cpu}, and of
 * devices whose context {@linkplain DeviceContext#isHostVisible() says so}. Thread-safe.
 *
 * @since 0.1
 */
public interface DeviceBuffer extends AutoCloseable {
  /**
   * Wraps host memory.
   *
   * @param segment native memory of the whole buffer; its scope must end in {@code release}, so
   *     that later use is an exception (rule D-104)
   * @param release frees the memory; run at most once to success: if it throws, the buffer stays
   *     open and {@code close} can be called again
   * @return the buffer, on {@link Device#CPU}; the caller closes it
   * @throws IllegalArgumentException if the segment is not native memory
   */
  static DeviceBuffer ofHost(MemorySegment segment, Runnable release) {
    return ofUnified(Device.CPU, segment, release);
  }

  /**
   * Wraps memory that the host and a device have in common, at one address (rule D-113).
   *
   * @param device the device
   * @param segment native memory of the whole buffer; its scope must end in {@code release}, so
   *     that later use is an exception (rule D-104)
   * @param release frees the memory; run at most once to success: if it throws, the buffer stays
   *     open and {@code close} can be called again
   * @return the buffer; the caller closes it
   * @throws IllegalArgumentException if the segment is not native memory
   */
  static DeviceBuffer ofUnified(Device device, MemorySegment segment, Runnable release) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a device buffer can't be heap memory: " + segment);
    }
    return new OwnedBuffer(device, segment.address(), segment.byteSize(), segment, release);
  }

  /**
   * Makes a buffer of memory that the host can't read.
   *
   * @param device where it is
   * @param address where it starts, in the device's address space; 0 allowed if it is empty
   * @param size how large it is, in bytes
   * @param release frees the memory; run at most once to success: if it throws, the buffer stays
   *     open and {@code close} can be called again
   * @return the buffer; the caller closes it
   */
  static DeviceBuffer ofDevice(Device device, long address, long size, Runnable release) {
    return new OwnedBuffer(device, address, size, null, release);
  }

  /**
   * Returns where the memory is.
   *
   * @return the device; {@code cpu} for staging memory
   */
  Device device();

  /**
   * Returns where the memory starts, in the device's address space.
   *
   * @return the address; 0 allowed for an empty buffer
   * @throws IllegalStateException if the buffer is closed
   */
  long address();

  /**
   * Returns the size.
   *
   * @return bytes
   */
  long size();

  /**
   * Returns the memory as the host sees it.
   *
   * @return the whole buffer; empty if the host can't read it; read-only if it must not be written,
   *     as what is mapped from a file. Its scope ends when the buffer is closed
   * @throws IllegalStateException if the buffer is closed
   */
  Optional<MemorySegment> host();

  /**
   * Frees the memory. A second call does nothing (rule D-105).
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using the memory right now;
   *     nothing is freed and the call can be repeated
   */
  @Override
  void close();
}
