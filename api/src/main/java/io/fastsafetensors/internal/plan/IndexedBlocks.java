// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.internal.plan.Slice.Blocks;
import io.fastsafetensors.internal.plan.Slice.Rows;
import java.util.Arrays;

/**
 * Rows that were given by index; neighbours are joined.
 *
 * @param offsets where each run starts in the tensor, in bytes
 * @param targets where each run goes in the part, in bytes, and last the part's size
 */
@SuppressWarnings("ArrayRecordComponent") // made once, and never compared
record IndexedBlocks(long[] offsets, long[] targets) implements Blocks {
  /** Joins rows of a size that are side by side. */
  static Blocks of(long[] rows, long rowBytes) {
    long[] offsets = new long[rows.length];
    long[] targets = new long[rows.length + 1];
    int runs = 0;
    for (int i = 0; i < rows.length; i++) {
      if (i == 0 || rows[i] != rows[i - 1] + 1) {
        offsets[runs] = rows[i] * rowBytes;
        targets[runs++] = i * rowBytes;
      }
    }
    targets[runs] = rows.length * rowBytes;
    return new IndexedBlocks(Arrays.copyOf(offsets, runs), Arrays.copyOf(targets, runs + 1));
  }

  @Override
  public long count() {
    return offsets.length;
  }

  @Override
  public Rows block(long index) {
    int run = Math.toIntExact(index);
    long size = targets[run + 1] - targets[run];
    return new Rows(offsets[run], 1, size, size);
  }

  @Override
  public long to(long index) {
    return targets[Math.toIntExact(index)];
  }
}
