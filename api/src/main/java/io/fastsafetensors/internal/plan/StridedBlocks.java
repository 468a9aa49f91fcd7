// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.internal.plan.Slice.Blocks;
import io.fastsafetensors.internal.plan.Slice.Rows;

/**
 * Blocks of rows at equal distances, in any number of dimensions.
 *
 * @param first the first block
 * @param counts how many there are in each outer dimension
 * @param strides from one to the next in each outer dimension, in bytes
 */
@SuppressWarnings("ArrayRecordComponent") // made once, and never compared
record StridedBlocks(Rows first, long[] counts, long[] strides) implements Blocks {
  /** Those of a part that is empty. */
  static final Blocks NONE = new StridedBlocks(new Rows(0, 0, 0, 0), new long[] {0}, new long[1]);

  static Blocks of(Rows only) {
    return new StridedBlocks(only, new long[0], new long[0]);
  }

  @Override
  public long count() {
    long count = 1;
    for (long each : counts) {
      count *= each;
    }
    return count;
  }

  @Override
  public Rows block(long index) {
    long offset = first.offset();
    long rest = index;
    for (int i = counts.length - 1; i >= 0; i--) {
      offset += rest % counts[i] * strides[i];
      rest /= counts[i];
    }
    return new Rows(offset, first.rows(), first.rowBytes(), first.pitch());
  }

  @Override
  public long to(long index) {
    return index * first.bytes();
  }
}
