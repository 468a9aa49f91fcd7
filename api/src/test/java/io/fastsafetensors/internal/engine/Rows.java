// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.Shape;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** Joins parts of tensors in plain Java, to compare with. */
final class Rows {
  private Rows() {}

  /** Joins row-major tensors of one shape but for a dimension, along that dimension. */
  static byte[] join(List<byte[]> parts, Shape any, int dim) {
    int rows = 1;
    for (int i = 0; i < dim; i++) {
      rows *= Math.toIntExact(any.dim(i));
    }
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (int row = 0; row < rows; row++) {
      for (byte[] part : parts) {
        int rowBytes = part.length / rows;
        joined.write(part, row * rowBytes, rowBytes);
      }
    }
    return joined.toByteArray();
  }
}
