// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Memory of the caller's for one tensor, which {@link TensorStream#fill} fills. The library never
 * frees it, and doesn't touch it any more when that has returned or thrown.
 *
 * @since 0.1
 */
public final class TensorMemory {
  private final @Nullable MemorySegment host;
  private final long address;
  private final long byteSize;

  private TensorMemory(@Nullable MemorySegment host, long address, long byteSize) {
    this.host = host;
    this.address = address;
    this.byteSize = byteSize;
  }

  /**
   * Takes memory that the host sees.
   *
   * @param segment native memory or an array, writable, of the tensor's size; a part of what the
   *     caller has, if something of its own comes before or after
   * @return the memory
   * @throws IllegalArgumentException if it is read-only
   */
  public static TensorMemory of(MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("the memory for a tensor is read-only: " + segment);
    }
    return new TensorMemory(segment, 0, segment.byteSize());
  }

  /**
   * Takes memory of the device that the loader loads to.
   *
   * @param address where it starts, in the device's address space
   * @param bytes how much there is: the tensor's size
   * @return the memory
   */
  public static TensorMemory ofDevice(long address, long bytes) {
    return new TensorMemory(null, address, bytes);
  }

  /** {@return the memory, if the host sees it} */
  public Optional<MemorySegment> host() {
    return Optional.ofNullable(host);
  }

  /** {@return where memory of the device starts; 0 for memory of the host} */
  public long address() {
    return address;
  }

  /** {@return the size, in bytes} */
  public long byteSize() {
    return byteSize;
  }

  /**
   * Brings memory for tensors.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Allocator {
    /**
     * Brings memory for a tensor. Called on the thread that loads, right before the tensor is
     * filled, for each tensor once and in the order of the stream.
     *
     * @param tensor what the file says of it
     * @param dtype its type in memory
     * @param shape the shape of what is wanted of it
     * @param bytes the size of that
     * @return the memory, of that size
     * @throws Exception to end the stream, which throws it on
     */
    TensorMemory allocate(TensorInfo tensor, DType dtype, Shape shape, long bytes) throws Exception;
  }
}
