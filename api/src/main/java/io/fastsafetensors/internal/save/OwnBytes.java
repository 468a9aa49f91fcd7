// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.util.List;

/** Which bytes of a file this process writes; others may write the rest. Immutable. */
final class OwnBytes {
  private final List<Extent> extents;

  /** The largest end of all extents up to each: some may end after the next begins. */
  private final long[] ends;

  private final boolean isAll;

  OwnBytes(OutputPlan plan) {
    this.extents = plan.extents();
    this.ends = new long[extents.size()];
    long most = 0;
    for (int i = 0; i < ends.length; i++) {
      most = Math.max(most, extents.get(i).end());
      ends[i] = most;
    }
    this.isAll = plan.ownBytes() == plan.bytes();
  }

  /** Returns whether all bytes of a range are this process' own. */
  boolean haveAll(long begin, long end) {
    if (isAll) {
      return true;
    }
    long own = 0;
    for (int i = firstEndingAfter(begin); i < ends.length; i++) {
      Extent extent = extents.get(i);
      if (extent.position() >= end) {
        break;
      }
      own += extent.bytesIn(begin, end);
    }
    return own == end - begin;
  }

  private int firstEndingAfter(long place) {
    int low = 0;
    int high = ends.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ends[middle] > place) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
