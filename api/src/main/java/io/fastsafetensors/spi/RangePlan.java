// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.nio.file.Path;
import java.util.List;

/**
 * What to read of one file.
 *
 * @param file the file
 * @param fileSize the size that the file had when its header was read, in bytes
 * @param ranges what is wanted, in the order of the file, without overlaps; ranges may be empty or
 *     adjacent, gaps may be read or skipped
 * @since 0.1
 */
public record RangePlan(Path file, long fileSize, List<ByteRange> ranges) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if they are out of order, overlap or pass the end of the file
   */
  public RangePlan {
    ranges = List.copyOf(ranges);
    long last = 0;
    for (ByteRange range : ranges) {
      if (range.begin() < last || range.end() > fileSize) {
        throw new IllegalArgumentException(
            file + ": range " + range + " after byte " + last + " of " + fileSize);
      }
      last = range.end();
    }
  }

  /**
   * Counts the bytes wanted.
   *
   * @return bytes, without gaps
   */
  public long bytes() {
    return ranges.stream().mapToLong(ByteRange::size).sum();
  }
}
