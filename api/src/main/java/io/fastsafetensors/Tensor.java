// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.DefaultTensor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Elements in memory, row-major and contiguous.
 *
 * <p>A <em>view</em> borrows from its {@link FileBuffer} and ends with it; its memory is read-only.
 * A <em>copy</em> belongs to the caller, who closes it; it outlives buffer and loader. Use of a
 * tensor that has ended is an {@code IllegalStateException}, from any thread; only a raw {@link
 * #address()} kept past the end can't be caught. Thread-safe as far as memory is only read.
 *
 * @since 0.1
 */
public sealed interface Tensor extends AutoCloseable permits DefaultTensor {
  /**
   * Returns the tensor's name.
   *
   * @return the name in the file; for a concatenation the names joined by commas
   */
  String name();

  /**
   * Returns the element type in memory.
   *
   * @return the type
   */
  DType dtype();

  /**
   * Returns the dimensions in memory: of a shard, those of the shard.
   *
   * @return the shape
   */
  Shape shape();

  /**
   * Returns where the elements are.
   *
   * @return the device
   */
  Device device();

  /**
   * Returns the size in memory.
   *
   * @return bytes
   */
  long byteSize();

  /**
   * Tells whether this tensor borrows its memory.
   *
   * @return true for a view, false for a copy that the caller closes
   */
  boolean isView();

  /**
   * Returns where the first element is, in the device's address space.
   *
   * <p>On a GPU it is a device pointer that is valid in all of the process, in the device's primary
   * context, which frameworks use too. Libraries take it so:
   *
   * {@snippet lang = java :
   * // JCuda
   * CUdeviceptr weights = new CUdeviceptr().withByteOffset(tensor.address());
   *
   * // JavaCPP
   * Pointer untyped = new Pointer() {{ address = tensor.address(); }};
   * FloatPointer weights = new FloatPointer(untyped).capacity(tensor.shape().elements());
   *
   * // Native code by java.lang.foreign: as a JAVA_LONG, since Java can't read it
   * int status = (int) kernelLauncher.invokeExact(tensor.address(), tensor.byteSize());
   * }
   *
   * @return the address; of no meaning for a tensor without elements. Not to be used after the
   *     tensor has ended
   * @throws IllegalStateException if the tensor has ended
   */
  long address();

  /**
   * Returns the memory as the host sees it, without copying.
   *
   * @return the elements in the format's little-endian order, possibly unaligned; empty if the host
   *     can't read the device
   * @throws IllegalStateException if the tensor has ended
   */
  Optional<MemorySegment> host();

  /**
   * Copies the elements to host memory; blocks until done.
   *
   * @param target at least {@link #byteSize()} bytes, native or heap
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if the target is too small
   * @throws IllegalStateException if the tensor has ended
   */
  void toHost(MemorySegment target) throws LoadException;

  /**
   * Copies the tensor on its device; blocks until done.
   *
   * @return a copy; the caller closes it
   * @throws LoadException if the device fails or has no memory
   * @throws IllegalStateException if the tensor has ended
   */
  Tensor copy() throws LoadException;

  /**
   * Converts the tensor on its device; blocks until done. {@linkplain DType DType's tables} say
   * what becomes of fractions, of numbers that are too large, and of NaN.
   *
   * @param dtype the new type; the tensor's own gives a copy
   * @return a copy; the caller closes it
   * @throws LoadException if the device fails or has no memory
   * @throws IllegalArgumentException if the device doesn't know this conversion
   * @throws IllegalStateException if the tensor has ended
   */
  Tensor to(DType dtype) throws LoadException;

  /** Ends a copy and frees its memory; does nothing for a view, and nothing the second time. */
  @Override
  void close();
}
