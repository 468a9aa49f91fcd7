// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.concurrent.atomic.AtomicLongArray;

/** Remembers which parts of a file were read. Thread-safe. */
final class ReadCells {
  private static final long CELL = 64 << 10;

  private final AtomicLongArray words;

  ReadCells(long fileSize) {
    this.words = new AtomicLongArray(Math.toIntExact(fileSize / CELL / Long.SIZE + 1));
  }

  /** Marks a part as read; tells whether all of it was marked before. */
  boolean mark(long offset, long bytes) {
    boolean all = true;
    for (long cell = offset / CELL; cell * CELL < offset + bytes; cell++) {
      long bit = 1L << (cell % Long.SIZE);
      int word = (int) (cell / Long.SIZE);
      boolean marked = (words.get(word) & bit) != 0;
      if (!marked) {
        all &= (words.getAndAccumulate(word, bit, (a, b) -> a | b) & bit) != 0;
      }
    }
    return all;
  }
}
