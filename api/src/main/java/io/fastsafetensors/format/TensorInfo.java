// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.text.Printable;

/**
 * What a file's header says of one tensor.
 *
 * @param name the name, unique in the file; may be empty
 * @param dtype the element type
 * @param shape the dimensions
 * @param begin the first byte, counted from the start of the file's data section
 * @param end one past the last byte, counted likewise
 * @since 0.1
 */
public record TensorInfo(String name, DType dtype, Shape shape, long begin, long end) {
  /**
   * Returns the tensor's size.
   *
   * @return bytes; 0 if a dimension is 0
   */
  public long byteSize() {
    return end - begin;
  }

  /** Returns name, type and shape, for messages. */
  @Override
  public String toString() {
    return Printable.quote(name) + " " + dtype + " " + shape;
  }
}
