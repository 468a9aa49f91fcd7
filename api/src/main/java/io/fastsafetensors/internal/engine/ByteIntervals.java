// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.util.Map;
import java.util.TreeMap;

/** Which bytes have come; not thread-safe. */
final class ByteIntervals {
  /** Where each begins, and ends; none touches another. */
  private final TreeMap<Long, Long> intervals = new TreeMap<>();

  private long bytes;

  /** Adds bytes; returns false, and adds none, if one of them was there. */
  boolean add(long from, long to) {
    if (from == to) {
      return true;
    }
    Map.Entry<Long, Long> before = intervals.lowerEntry(to);
    if (before != null && before.getValue() > from) {
      return false;
    }
    Long after = intervals.remove(to);
    long end = after == null ? to : after;
    if (before != null && before.getValue() == from) {
      intervals.put(before.getKey(), end);
    } else {
      intervals.put(from, end);
    }
    bytes += to - from;
    return true;
  }

  /** Returns how many bytes are there. */
  long bytes() {
    return bytes;
  }
}
