// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.spi.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Counts runs of bytes of a file. */
final class ByteRuns {
  private static final Comparator<ByteRange> IN_ORDER =
      Comparator.comparingLong(ByteRange::begin).thenComparingLong(ByteRange::end);

  private ByteRuns() {}

  /** Joins ranges that touch or overlap; in the order of the file, without those that are empty. */
  static List<ByteRange> joined(List<ByteRange> ranges) {
    return joined(ranges, 0);
  }

  /** Joins ranges that are no further apart than a gap; otherwise as {@link #joined(List)}. */
  static List<ByteRange> joined(List<ByteRange> ranges, long maxGap) {
    List<ByteRange> joined = new ArrayList<>();
    for (ByteRange range : inOrder(ranges)) {
      ByteRange last = joined.isEmpty() ? null : joined.getLast();
      if (last != null && range.begin() - last.end() <= maxGap) {
        joined.removeLast();
        joined.add(new ByteRange(last.begin(), Math.max(last.end(), range.end())));
      } else {
        joined.add(range);
      }
    }
    return joined;
  }

  private static List<ByteRange> inOrder(List<ByteRange> ranges) {
    return ranges.stream().filter(range -> range.size() > 0).sorted(IN_ORDER).toList();
  }

  /**
   * Counts the bytes that are in several ranges.
   *
   * @param least in how many, at least
   */
  static long coveredBytes(List<ByteRange> ranges, int least) {
    long[] begins = ranges.stream().mapToLong(ByteRange::begin).sorted().toArray();
    long[] ends = ranges.stream().mapToLong(ByteRange::end).sorted().toArray();
    long covered = 0;
    // Of as many that have begun as are open, the next end closes one.
    for (int begun = least - 1; begun < begins.length; begun++) {
      int closed = begun - (least - 1);
      long from = Math.max(begins[begun], closed == 0 ? Long.MIN_VALUE : ends[closed - 1]);
      covered += Math.max(0, ends[closed] - from);
    }
    return covered;
  }
}
