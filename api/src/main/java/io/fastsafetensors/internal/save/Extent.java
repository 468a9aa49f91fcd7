// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;

/**
 * Bytes of a file that come from one place: a run of them, or rows that are apart.
 *
 * @param label what they are, for messages
 * @param position where they start in the file
 * @param rows how many rows they are; a run is one row
 * @param rowBytes the size of each
 * @param pitch from the start of a row to the next
 * @param content gives them
 * @param offset where they start in the content, in which they are side by side
 */
public record Extent(
    String label,
    long position,
    long rows,
    long rowBytes,
    long pitch,
    Content content,
    long offset) {
  /** Makes an extent of neighbouring bytes, all that a content gives. */
  public Extent(String label, long position, long bytes, Content content) {
    this(label, position, 1, bytes, bytes, content, 0);
  }

  /** Takes a run of bytes. */
  @FunctionalInterface
  interface Runs {
    /**
     * Takes one.
     *
     * @param position where it is in the file
     * @param from where it starts, counted in the extent's bytes
     * @param count how many bytes it has
     */
    void take(long position, long from, long count) throws IOException;
  }

  /** Returns how many bytes they are. */
  public long bytes() {
    return rows * rowBytes;
  }

  /** Returns one past the last byte. */
  public long end() {
    return bytes() == 0 ? position : position + (rows - 1) * pitch + rowBytes;
  }

  /** Returns whether they are neighbours. */
  boolean isRun() {
    return rows == 1;
  }

  /** Returns these bytes in a file in which what they are counted from is at some place. */
  Extent at(String name, long base) {
    return new Extent(name, base + position, rows, rowBytes, pitch, content, offset);
  }

  /** Returns one of the rows. */
  Extent row(long number) {
    return new Extent(
        label,
        position + number * pitch,
        1,
        rowBytes,
        rowBytes,
        content,
        offset + number * rowBytes);
  }

  /**
   * Gives out runs.
   *
   * @param from the first byte, counted in the extent's bytes
   * @param to one past the last byte
   */
  void runs(long from, long to, Runs runs) throws IOException {
    for (long at = from; at < to; ) {
      long row = at / rowBytes;
      long count = Math.min(to, (row + 1) * rowBytes) - at;
      runs.take(position + row * pitch + at % rowBytes, at, count);
      at += count;
    }
  }

  /** Returns how many of the bytes are in a range of the file. */
  long bytesIn(long begin, long end) {
    return bytesBefore(end) - bytesBefore(begin);
  }

  /** Returns how many of the bytes are before a place in the file. */
  long bytesBefore(long place) {
    if (place <= position || bytes() == 0) {
      return 0;
    }
    if (place >= end()) {
      return bytes();
    }
    long row = (place - position) / pitch;
    return row * rowBytes + Math.min(rowBytes, (place - position) % pitch);
  }
}
