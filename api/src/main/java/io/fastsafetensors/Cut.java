// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a tensor a rank gets: all of it, or its shard of a dimension. Immutable.
 *
 * @since 0.1
 */
public final class Cut {
  private static final int NONE = -1;
  private static final Cut WHOLE = new Cut(NONE);

  private final int dim;

  private Cut(int dim) {
    this.dim = dim;
  }

  /**
   * Leaves the tensor whole: every rank gets all of it.
   *
   * @return the cut
   */
  public static Cut whole() {
    return WHOLE;
  }

  /**
   * Cuts a dimension into a part for each rank: with S the size of the dimension, N ranks and b =
   * ceil(S / N), rank r gets [r*b, min((r+1)*b, S)). A rank past the end gets a dimension of 0.
   *
   * @param dim the dimension, from 0
   * @return the cut
   * @throws IllegalArgumentException if the dimension is negative
   */
  public static Cut shard(int dim) {
    if (dim < 0) {
      throw new IllegalArgumentException("dimension " + dim + ": want 0 or more");
    }
    return new Cut(dim);
  }

  /**
   * Tells whether the tensor stays whole.
   *
   * @return true for {@link #whole}
   */
  public boolean isWhole() {
    return dim == NONE;
  }

  /**
   * Returns the dimension that is cut into a part for each rank.
   *
   * @return from 0; empty for a cut that is no {@link #shard}
   */
  public OptionalInt shardDim() {
    return isWhole() ? OptionalInt.empty() : OptionalInt.of(dim);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Cut that && dim == that.dim;
  }

  @Override
  public int hashCode() {
    return Integer.hashCode(dim);
  }

  /** Returns {@code whole}, or {@code shard of dimension N}. */
  @Override
  public String toString() {
    return isWhole() ? "whole" : "shard of dimension " + dim;
  }
}
