// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.Slice;

/**
 * A tensor or a part of it that the user asks for.
 *
 * @param entry the tensor
 * @param dim the dimension to cut, or {@link FileBuffer#WHOLE}
 * @param loaded its type in device memory
 * @param wanted the type asked for
 */
record Request(CatalogEntry entry, int dim, DType loaded, DType wanted) {
  String name() {
    return entry.info().name();
  }

  Shape shape() {
    return entry.info().shape();
  }

  int owner() {
    return entry.owner();
  }

  boolean isWhole() {
    return dim == FileBuffer.WHOLE;
  }

  /** Returns the size of the whole tensor in device memory, in bytes. */
  long wholeBytes() {
    return loaded.byteSize(shape().elements());
  }

  /**
   * Returns one rank's part.
   *
   * @throws IllegalArgumentException if the tensor can't be cut so
   */
  Slice part(int ranks, int rank) {
    if (isWhole()) {
      return new Slice(shape(), 0, 1, wholeBytes(), wholeBytes());
    }
    return Slice.of(name(), loaded, shape(), dim, ranks, rank);
  }
}
