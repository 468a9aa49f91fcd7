// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.spi.ByteRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The reads of a file whose way nobody has chosen yet, and which bytes are wanted before others.
 * Guarded by the lock of the {@link ReadQueue}.
 */
final class WaitingReads {
  private final List<FileRead> reads;

  /** Those behind the next one that were taken out of turn. */
  private final BitSet taken = new BitSet(0);

  /** What is wanted soon, the end of each range by its begin. */
  private final NavigableMap<Long, Long> wanted = new TreeMap<>();

  private int next;

  WaitingReads(List<FileRead> reads) {
    this.reads = reads;
  }

  boolean hasNext() {
    return next < reads.size();
  }

  /** Takes the next read. */
  FileRead next() {
    FileRead read = reads.get(next);
    next = taken.nextClearBit(next + 1);
    return read;
  }

  /** Takes those that bring bytes which are wanted from now on before others. */
  List<FileRead> prefer(ByteRange range) {
    List<FileRead> preferred = new ArrayList<>();
    wanted.put(range.begin(), range.end());
    for (int i = next; i < reads.size(); i = taken.nextClearBit(i + 1)) {
      FileRead read = reads.get(i);
      if (read.offset() < range.end() && range.begin() < read.end()) {
        preferred.add(read);
        taken.set(i);
      }
    }
    next = taken.nextClearBit(next);
    return preferred;
  }

  /** Tells whether a read brings bytes that are wanted before others. */
  boolean isWanted(FileRead read) {
    Map.Entry<Long, Long> last = wanted.isEmpty() ? null : wanted.lowerEntry(read.end());
    return last != null && last.getValue() > read.offset();
  }
}
