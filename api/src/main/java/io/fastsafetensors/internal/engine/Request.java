// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cut;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.Slice;
import java.util.List;

/**
 * A tensor or a part of it that the user asks for.
 *
 * @param entry the tensor
 * @param cut which part of it
 * @param loaded its type in device memory
 * @param wanted the type asked for
 */
record Request(CatalogEntry entry, Cut cut, DType loaded, DType wanted) {
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
    return cut.isWhole();
  }

  boolean isConverted() {
    return loaded != wanted;
  }

  static List<DType> wantedTypes(List<Request> requests) {
    return requests.stream().map(Request::wanted).toList();
  }

  /** Returns what is in device memory: the whole tensor. */
  TensorSpec spec() {
    return new TensorSpec(name(), loaded, shape());
  }

  /** Returns the size of the whole tensor in device memory, in bytes. */
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
      part(ranks, 0);
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
    Slice.checkDim(name(), shape(), dim);
  }

  /**
   * Returns one rank's part.
   *
   * @throws IllegalArgumentException if the tensor can't be cut so
   */
  Slice part(int ranks, int rank) {
    return isWhole()
        ? Slice.whole(loaded, shape())
        : Slice.of(name(), loaded, shape(), cut.shardDim().orElseThrow(), ranks, rank);
  }

  /** Returns what one rank gets, not yet converted. */
  TensorSpec partSpec(int ranks, int rank) {
    return new TensorSpec(name(), loaded, part(ranks, rank).shape());
  }

  /** Returns all that ranks have to ask for alike. */
  @Override
  public String toString() {
    return "%s, %s, as %s".formatted(spec(), cut, wanted);
  }
}
