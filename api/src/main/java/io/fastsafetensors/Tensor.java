// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.DefaultTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/**
 * Elements in memory, row-major and contiguous.
 *
 * <p>A <em>view</em> borrows from its {@link FileBuffer} and ends with it. A <em>copy</em>, and a
 * handle made by {@link #retain}, belongs to the caller, who closes it; it outlives buffer and
 * loader. Use of a tensor that has ended is an {@code IllegalStateException}, from any thread. What
 * can't be caught is the use of an {@link #address()} past the end, by whomever it was given to,
 * and of a segment or buffer by native code that kept it. Thread-safe as far as memory is only
 * read.
 *
 * <h2 id="values">Values</h2>
 *
 * <p>{@link #toFloatArray} and its kind read all elements, in row-major order; {@link #getFloat}
 * and its kind read one, by an index a dimension (none for a scalar). Elements that are not in
 * memory of the host are copied there first, so that reading single elements of a GPU is slow.
 *
 * <table class="striped">
 * <caption>Which types have which values</caption>
 * <thead><tr><th>dtype</th><th>float, double</th><th>int, long</th><th>boolean</th></tr></thead>
 * <tbody>
 * <tr><td>F64, F32, F16, BF16, F8_E5M2, F8_E4M3, F8_E5M2FNUZ, F8_E4M3FNUZ, F8_E8M0</td><td>the
 *     nearest number</td><td>none</td><td>none</td></tr>
 * <tr><td>U8, I8, U16, I16, U32, I32, U64, I64</td><td>the nearest number</td><td>the same number,
 *     or an {@code ArithmeticException}</td><td>none</td></tr>
 * <tr><td>BOOL</td><td>0 or 1</td><td>0 or 1</td><td>true or false</td></tr>
 * <tr><td>C64, F4, F6_E2M3, F6_E3M2</td><td>none</td><td>none</td><td>none</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The nearest number is found by one rounding, ties to even, as {@link DType}'s tables have it:
 * {@code double} is exact but for integers beyond 2<sup>53</sup>; {@code float} is exact for
 * floating point of up to 32 bits, rounds F64 and integers beyond 2<sup>24</sup>, and is infinite
 * where F64 is too large for it. Integers are never changed: unsigned ones have no sign, and one
 * that the Java type has no room for, such as U64 above {@link Long#MAX_VALUE}, is an {@code
 * ArithmeticException} that names it. {@link #to} first converts what has no such values: fractions
 * are cut off, and integers keep their low bits. Where there is no value the exception is an {@code
 * UnsupportedOperationException} that names the type and what works; {@link #asByteBuffer()} always
 * does.
 *
 * <p>An array has 2,147,483,639 elements at most. More are an {@code UnsupportedOperationException}
 * with the number: take parts by {@link #asByteBuffer(long, long)}, or all by {@link #toHost}.
 *
 * <h2 id="writing">Writing a file</h2>
 *
 * <p>A tensor of any device is a source for a writer, and must be open when the file is written:
 *
 * {@snippet lang = java :
 * writer.add(tensor.name(), tensor.dtype(), tensor.shape(), tensor);
 * }
 *
 * <p>A {@link CheckpointWriter} takes it as it is, and holds it while it saves.
 *
 * @since 0.1
 */
public sealed interface Tensor extends SafetensorsWriter.Source, AutoCloseable
    permits DefaultTensor {
  /**
   * Makes a tensor of memory that is there, without copying: for tests, and for what takes tensors.
   *
   * <p>The tensor is a view: it borrows the memory, which stays the caller's, and ends when the
   * segment's arena is closed, even if it was {@linkplain #retain retained}. {@link #close} does
   * nothing. Copies are ordinary copies, in memory of their own.
   *
   * @param name the name; may be empty
   * @param dtype the element type
   * @param shape the dimensions
   * @param segment the elements, packed, little-endian, row-major, at any address: native memory,
   *     or an array, of which {@link #address} is not to be had; may be read-only
   * @return the tensor, on {@link Device#CPU}
   * @throws IllegalArgumentException if the segment has not exactly the size of the elements, or if
   *     they overflow or aren't whole bytes
   */
  static Tensor of(String name, DType dtype, Shape shape, MemorySegment segment) {
    return Engines.get().tensor(name, dtype, shape, segment);
  }

  /** {@return the name in the file; for a concatenation the names joined by commas} */
  String name();

  /** {@return the element type in memory} */
  DType dtype();

  /** {@return the dimensions in memory: of a shard, those of the shard} */
  Shape shape();

  /** {@return the device where the elements are} */
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
   * @return true for a view, false for a copy or a handle that the caller closes
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
   * <p>Use of it after the memory was freed can't be caught: it reads what others have there by
   * then, or ends the process. Who hands it to a library {@linkplain #retain retains} the tensor,
   * and closes that handle when the library is done. Where the tensor isn't {@linkplain #isWritable
   * writable}, so does a store through it.
   *
   * @return the address; of no meaning for a tensor without elements
   * @throws IllegalStateException if the tensor has ended
   * @throws UnsupportedOperationException if it was made of a Java array
   */
  long address();

  /**
   * Returns the memory as the host sees it, without copying.
   *
   * <p>Java's use of it after the memory was freed is an {@code IllegalStateException}. Native code
   * that keeps what it was passed can't be caught, as with {@link #address()}: {@link #retain} for
   * as long as it may.
   *
   * @return the elements in the format's little-endian order, possibly unaligned, and read-only
   *     unless the tensor {@linkplain #isWritable is writable}; empty if the host can't read the
   *     device
   * @throws IllegalStateException if the tensor has ended
   */
  Optional<MemorySegment> host();

  /**
   * Tells whether the memory may be written, by the host or on the device.
   *
   * <p>What is mapped from a file may not, unless the load asked for it by {@link
   * LoadOptions.Builder#writable}: a store by native code would end the process. All else may:
   * copies, what ranks exchanged, memory of devices, and views of a file that was copied into
   * memory. Loads with the path {@code AUTO} map what is cached and copy the rest, so ask. All
   * views and handles of one memory see what is written.
   *
   * <p>A load to be written maps privately: the first store to a page copies it (some microseconds
   * for 4 KiB), and from then on it counts as memory of the process, at most once the size of the
   * tensors; the system needs no room for that before. Pages that nobody wrote are the page
   * cache's, and still show what is written to the file, as {@link AccessPath#MAPPED} says. Parts
   * that an {@link OpenCheckpoint} reads have memory of their own each.
   *
   * @return true if it may
   * @throws IllegalStateException if the tensor has ended
   */
  boolean isWritable();

  /**
   * Returns the bytes as a buffer: {@link #asByteBuffer(long, long)} of all of them.
   *
   * @return the buffer, from position 0 to {@link #byteSize}
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if there are more than 2,147,483,647 bytes
   * @throws IllegalStateException if the tensor has ended
   */
  ByteBuffer asByteBuffer() throws LoadException;

  /**
   * Returns bytes as a buffer: a window to the memory, without copying, if the host can see it;
   * else a copy, which is read-only.
   *
   * @param offset the first byte, counted from the tensor's first
   * @param length how many, at most 2,147,483,647
   * @return a buffer of that length in the format's little-endian order, possibly unaligned;
   *     read-only unless the tensor {@linkplain #isWritable is writable}. Java's use of a window
   *     after the memory was freed is an {@code IllegalStateException}; that of native code which
   *     kept it can't be caught, and may end the process: {@link #retain} for as long
   * @throws LoadException if the device fails
   * @throws IndexOutOfBoundsException if the tensor has not so many bytes
   * @throws UnsupportedOperationException if the length is more than a buffer can have
   * @throws IllegalStateException if the tensor has ended
   */
  ByteBuffer asByteBuffer(long offset, long length) throws LoadException;

  /**
   * Writes all bytes to a channel, in bounded pieces; blocks until done. So a tensor is a source
   * for a {@link SafetensorsWriter}. To close the tensor or its buffer meanwhile doesn't wait: the
   * memory is freed when the write has ended.
   *
   * @param channel takes the bytes; must be in blocking mode
   * @throws LoadException if the device fails
   * @throws IOException if the channel fails
   * @throws IllegalStateException if the tensor has ended
   */
  @Override
  void writeTo(WritableByteChannel channel) throws IOException;

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
   * Reads all elements as {@code float}, by <a href="#values">these rules</a>.
   *
   * @return a new array, in row-major order
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if the type has no such values, or if they are too many
   * @throws IllegalStateException if the tensor has ended
   */
  float[] toFloatArray() throws LoadException;

  /**
   * Reads all elements as {@code double}, by <a href="#values">these rules</a>.
   *
   * @return a new array, in row-major order
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if the type has no such values, or if they are too many
   * @throws IllegalStateException if the tensor has ended
   */
  double[] toDoubleArray() throws LoadException;

  /**
   * Reads all elements as {@code int}, by <a href="#values">these rules</a>.
   *
   * @return a new array, in row-major order
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if the type has no such values, or if they are too many
   * @throws ArithmeticException if an element is out of the range of {@code int}
   * @throws IllegalStateException if the tensor has ended
   */
  int[] toIntArray() throws LoadException;

  /**
   * Reads all elements as {@code long}, by <a href="#values">these rules</a>.
   *
   * @return a new array, in row-major order
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if the type has no such values, or if they are too many
   * @throws ArithmeticException if an element is out of the range of {@code long}
   * @throws IllegalStateException if the tensor has ended
   */
  long[] toLongArray() throws LoadException;

  /**
   * Reads all elements as {@code boolean}, by <a href="#values">these rules</a>.
   *
   * @return a new array, in row-major order
   * @throws LoadException if the device fails
   * @throws UnsupportedOperationException if the type has no such values, or if they are too many
   * @throws IllegalStateException if the tensor has ended
   */
  boolean[] toBooleanArray() throws LoadException;

  /**
   * Reads one element as {@code float}, by <a href="#values">these rules</a>.
   *
   * @param index its position along each dimension, from 0
   * @return the element
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws UnsupportedOperationException if the type has no such values
   * @throws IllegalStateException if the tensor has ended
   */
  float getFloat(long... index) throws LoadException;

  /**
   * Reads one element as {@code double}, by <a href="#values">these rules</a>.
   *
   * @param index its position along each dimension, from 0
   * @return the element
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws UnsupportedOperationException if the type has no such values
   * @throws IllegalStateException if the tensor has ended
   */
  double getDouble(long... index) throws LoadException;

  /**
   * Reads one element as {@code int}, by <a href="#values">these rules</a>.
   *
   * @param index its position along each dimension, from 0
   * @return the element
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws UnsupportedOperationException if the type has no such values
   * @throws ArithmeticException if it is out of the range of {@code int}
   * @throws IllegalStateException if the tensor has ended
   */
  int getInt(long... index) throws LoadException;

  /**
   * Reads one element as {@code long}, by <a href="#values">these rules</a>.
   *
   * @param index its position along each dimension, from 0
   * @return the element
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws UnsupportedOperationException if the type has no such values
   * @throws ArithmeticException if it is out of the range of {@code long}
   * @throws IllegalStateException if the tensor has ended
   */
  long getLong(long... index) throws LoadException;

  /**
   * Reads one element as {@code boolean}, by <a href="#values">these rules</a>.
   *
   * @param index its position along each dimension, from 0
   * @return the element
   * @throws LoadException if the device fails
   * @throws IllegalArgumentException if there are more or fewer indices than dimensions
   * @throws IndexOutOfBoundsException if there is no such element
   * @throws UnsupportedOperationException if the type has no such values
   * @throws IllegalStateException if the tensor has ended
   */
  boolean getBoolean(long... index) throws LoadException;

  /**
   * Makes one more holder of this tensor's memory, without copying: the tensor lives on until the
   * handle is closed, even if its {@link FileBuffer}, its loader or this tensor is closed.
   *
   * <p>Memory is freed as a whole, with its last holder. A view's is that of its file (or of a part
   * of it), a tensor's from an exchange is that of all tensors that came with it: to keep little of
   * much, {@link #copy} it. A handle of a mapped file keeps the mapping.
   *
   * @return the handle, which isn't a view; the caller closes it
   * @throws IllegalStateException if the tensor has ended
   */
  Tensor retain();

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

  /**
   * Ends a copy or a retained handle, and frees its memory if nobody else holds it; does nothing
   * for a view, and nothing the second time.
   */
  @Override
  void close();

  /**
   * Returns the values as torch shows them, then name, type, shape and device: {@code
   * tensor([0.5000, 1.0000], name='w', dtype=F32, shape=[2], device=cpu)}. Of more than 1000
   * elements it shows three at both ends of each dimension, and reads no others. Values of packed
   * types are left out. Never throws: of a tensor that has ended, or can't be read, it says so.
   *
   * @return text of several lines if there are several rows
   */
  @Override
  String toString();
}
