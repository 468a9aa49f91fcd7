// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.save.Content;

/** A tensor whose bytes are brought; thread-safe. */
final class DeclaredTensor {
  private final AddedTensor tensor;
  private final DType to;
  private final int file;
  private final long position;
  private final ByteIntervals taken = new ByteIntervals();

  /**
   * Makes one of which nothing has come.
   *
   * @param to its type in the file
   * @param file which of the files it is in
   * @param position where in the file it starts
   */
  DeclaredTensor(AddedTensor tensor, DType to, int file, long position) {
    this.tensor = tensor;
    this.to = to;
    this.file = file;
    this.position = position;
  }

  int file() {
    return file;
  }

  /** Checks that what comes is of the tensor that was declared. */
  void check(DType dtype, Shape shape) {
    if (dtype != tensor.dtype() || !shape.equals(tensor.shape())) {
      throw new IllegalArgumentException(
          "tensor %s was declared, what comes is %s %s".formatted(tensor, dtype, shape));
    }
  }

  /** Notes that bytes come, which none may do twice. */
  synchronized void take(long offset, long count) {
    if (offset < 0 || count > tensor.bytes() || offset > tensor.bytes() - count) {
      throw new IllegalArgumentException(
          "tensor %s has %s bytes: %s from %s on can't come"
              .formatted(tensor, tensor.bytes(), count, offset));
    }
    if (to != tensor.dtype() && (offset | count) * Byte.SIZE % tensor.dtype().bits() != 0) {
      throw new IllegalArgumentException(
          "tensor %s: %s bytes from %s on are not whole elements, so that they can't be converted"
              .formatted(tensor, count, offset));
    }
    if (!taken.add(offset, offset + count)) {
      throw new IllegalArgumentException(
          "tensor %s: of %s bytes from %s on some came before".formatted(tensor, count, offset));
    }
  }

  /** Returns what is still to come, in bytes. */
  synchronized long missing() {
    return tensor.bytes() - taken.bytes();
  }

  /** Returns where bytes go in the file that are at some place of the tensor. */
  long position(long offset) {
    return position + writtenBytes(offset);
  }

  /** Returns what bytes are in the file. */
  long writtenBytes(long bytes) {
    return to == tensor.dtype() ? bytes : to.byteSize(bytes * Byte.SIZE / tensor.dtype().bits());
  }

  Content.Placed written(Content.Placed bytes) {
    return tensor.converted(bytes, to);
  }

  @Override
  public String toString() {
    return tensor.toString();
  }
}
