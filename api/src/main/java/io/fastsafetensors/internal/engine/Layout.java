// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.util.List;
import java.util.function.ToLongFunction;

/** Places several tensors in one buffer, each at an address that suits every device. */
final class Layout {
  /** What CUDA aligns allocations to, and more than any vector instruction asks for, in bytes. */
  static final long ALIGNMENT = 256;

  private final long[] offsets;
  private final long size;

  private Layout(long[] offsets, long size) {
    this.offsets = offsets;
    this.size = size;
  }

  /** Places items one after the other. */
  static <T> Layout of(List<T> items, ToLongFunction<T> bytes) {
    long[] offsets = new long[items.size()];
    long end = 0;
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = Math.multiplyExact(Math.ceilDiv(end, ALIGNMENT), ALIGNMENT);
      end = Math.addExact(offsets[i], bytes.applyAsLong(items.get(i)));
    }
    return new Layout(offsets, end);
  }

  /** Returns where an item starts, in bytes. */
  long offset(int item) {
    return offsets[item];
  }

  /** Returns the size of the buffer, in bytes. */
  long size() {
    return size;
  }
}
