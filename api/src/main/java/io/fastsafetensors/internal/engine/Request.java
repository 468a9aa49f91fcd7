// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.Parts;
import io.fastsafetensors.internal.plan.Slice;
import java.util.List;

/**
 * A tensor or a part of it that the user asks for.
 *
 * @param entry the tensor
 * @param shape the shape of what was loaded of it
 * @param part which part of that
 * @param loaded its type in device memory
 * @param wanted the type asked for
 */
record Request(CatalogEntry entry, Shape shape, Part part, DType loaded, DType wanted) {
  String name() {
    return entry.info().name();
  }

  int owner() {
    return entry.owner();
  }

  boolean isWhole() {
    return part.isWhole();
  }

  boolean isConverted() {
    return loaded != wanted;
  }

  static List<DType> wantedTypes(List<Request> requests) {
    return requests.stream().map(Request::wanted).toList();
  }

  /** Returns what is in device memory: all that was loaded. */
  TensorSpec spec() {
    return new TensorSpec(name(), loaded, shape());
  }

  /** Returns the size of all that was loaded of the tensor, in bytes. */
  long wholeBytes() {
    return spec().bytes();
  }

  /**
   * Checks that the tensor can be cut and converted as asked, on any rank.
   *
   * @throws IllegalArgumentException if it can't
   */
  void check(int ranks, SharedContext context) {
    if (!isWhole()) {
      slice(ranks, 0);
    }
    if (isConverted()) {
      Conversion.check(spec(), wanted, context.attached());
    }
  }

  /**
   * Checks that the tensor has a dimension.
   *
   * @throws IllegalArgumentException if it hasn't
   */
  void checkDim(int dim) {
    parts().checkDim(dim);
  }

  /**
   * Returns one rank's part.
   *
   * @throws IllegalArgumentException if the tensor can't be cut so
   */
  Slice slice(int ranks, int rank) {
    return parts().slice(part, ranks, rank);
  }

  private Parts parts() {
    return new Parts(name(), loaded, shape());
  }

  /** Returns what one rank gets, not yet converted. */
  TensorSpec partSpec(int ranks, int rank) {
    return new TensorSpec(name(), loaded, slice(ranks, rank).shape());
  }

  /** Returns all that ranks have to ask for alike. */
  @Override
  public String toString() {
    return "%s, %s, as %s".formatted(spec(), part, wanted);
  }
}
