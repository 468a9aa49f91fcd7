// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.internal.text.Printable;

/**
 * What elements are, wherever they are.
 *
 * @param name the tensor's name
 * @param dtype the type in memory
 * @param shape the dimensions
 */
record TensorSpec(String name, DType dtype, Shape shape) {
  /** Returns what is loaded of a tensor. */
  static TensorSpec of(WantedPart part) {
    return new TensorSpec(part.name(), part.dtype(), part.shape());
  }

  long bytes() {
    return dtype.byteSize(shape.elements());
  }

  TensorSpec as(DType other) {
    return new TensorSpec(name, other, shape);
  }

  /** Returns name, type and shape, for messages. */
  @Override
  public String toString() {
    return Printable.quote(name) + " " + dtype + " " + shape;
  }
}
