// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.Device;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;

/**
 * A tensor of another library, which came by DLPack: a source for a writer, without a copy. Made by
 * {@link DLPack#take}.
 *
 * {@snippet lang = java :
 * try (ForeignTensor weights = DLPack.take("dltensor_versioned", address)) {
 *   new SafetensorsWriter().add("w", weights.dtype(), weights.shape(), weights).write(file);
 * }
 * }
 *
 * <p>The library's deleter is called once, by {@link #close}, on the thread that closes. One that
 * is never closed keeps the library's memory. Thread-safe as far as the memory is only read.
 *
 * @since 0.1
 */
public final class ForeignTensor implements SafetensorsWriter.Source, AutoCloseable {
  private final CLibrary library;
  private final long struct;
  private final long deleter;
  private final DType dtype;
  private final Shape shape;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private boolean closed;

  private ForeignTensor(
      CLibrary library, ForeignStruct foreign, DType dtype, Shape shape, long bytes) {
    this.library = library;
    this.struct = foreign.address();
    this.deleter = foreign.deleter();
    this.dtype = dtype;
    this.shape = shape;
    MemorySegment memory = CLibrary.memory(foreign.data(), bytes, arena);
    this.segment = foreign.isReadOnly() ? memory.asReadOnly() : memory;
  }

  static ForeignTensor of(StructForm form, long address) throws LoadException {
    if (address == 0) {
      throw new IllegalArgumentException("the address of the struct is null");
    }
    CLibrary library = CLibrary.get();
    ForeignStruct foreign = ForeignStruct.read(form, address);
    foreign.checkDevice();
    DType dtype = foreign.dtype();
    Shape shape = foreign.shape();
    foreign.checkPacked();
    return new ForeignTensor(library, foreign, dtype, shape, foreign.bytes(dtype, shape));
  }

  /** {@return the element type} */
  public DType dtype() {
    return dtype;
  }

  /** {@return the dimensions} */
  public Shape shape() {
    return shape;
  }

  /** {@return the size, in bytes} */
  public long byteSize() {
    return segment.byteSize();
  }

  /**
   * Returns the elements, without a copy.
   *
   * @return the memory of the library, at any address; read-only if the library says so. Java's use
   *     of it after {@link #close} is an {@code IllegalStateException}; that of native code which
   *     kept it can't be caught
   * @throws IllegalStateException if this is closed
   */
  public MemorySegment segment() {
    checkOpen();
    return segment;
  }

  /**
   * Returns the elements as a tensor, for all that takes one; as {@link Tensor#of}.
   *
   * @param name the tensor's name; may be empty
   * @return a view on {@link Device#CPU}, which ends when this is closed
   * @throws IllegalStateException if this is closed
   */
  public Tensor tensor(String name) {
    checkOpen();
    return Tensor.of(name, dtype, shape, segment);
  }

  private void checkOpen() {
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("this tensor of another library is closed");
    }
  }

  /**
   * Writes all bytes to a channel; blocks until done.
   *
   * @param channel takes the bytes; must be in blocking mode
   * @throws IOException if the channel fails
   * @throws IllegalStateException if this is closed
   */
  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    tensor("").writeTo(channel);
  }

  /**
   * Gives the memory back to the library, by its deleter; does nothing the second time.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using the memory right now;
   *     nothing was done and the call can be repeated
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    arena.close();
    closed = true;
    if (deleter != 0) {
      library.call(deleter, struct);
    }
  }

  @Override
  public String toString() {
    return "%s of %s, by DLPack%s".formatted(dtype, shape, closed ? ", closed" : "");
  }
}
