// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which bytes of a file were brought, by their offsets in the file. To note some costs next to
 * nothing: they are sorted only when somebody asks. Not thread-safe.
 */
final class LandedBytes {
  private final List<Span> unsorted = new ArrayList<>();

  /** Runs of bytes, the end of each by its begin; none touches another. */
  private final NavigableMap<Long, Long> runs = new TreeMap<>();

  /** Notes what was brought. */
  void add(List<Span> parts) {
    unsorted.addAll(parts);
  }

  /** Tells whether every byte of a range was brought. */
  boolean covers(ByteRange range) {
    unsorted.forEach(this::sort);
    unsorted.clear();
    Map.Entry<Long, Long> run = runs.floorEntry(range.begin());
    return range.size() == 0 || (run != null && run.getValue() >= range.end());
  }

  private void sort(Span part) {
    long begin = part.fileOffset();
    long end = part.fileEnd();
    Map.Entry<Long, Long> before = runs.floorEntry(begin);
    if (before != null && before.getValue() >= begin) {
      begin = before.getKey();
      end = Math.max(end, before.getValue());
    }
    NavigableMap<Long, Long> joined = runs.subMap(begin, true, end, true);
    end = joined.isEmpty() ? end : Math.max(end, joined.lastEntry().getValue());
    joined.clear();
    runs.put(begin, end);
  }
}
