// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to read of one file; immutable.
 *
 * @since 0.1
 */
public final class RangePlan {
  private final Path file;
  private final long fileSize;
  private final List<ByteRange> ranges;

  private RangePlan(Path file, long fileSize, List<ByteRange> ranges) {
    this.file = file;
    this.fileSize = fileSize;
    this.ranges = List.copyOf(ranges);
  }

  /**
   * Makes a plan; copies the list.
   *
   * @param file the file
   * @param fileSize the size that the file had when its header was read, in bytes
   * @param ranges what is wanted, in the order of the file, without overlaps; ranges may be empty
   *     or adjacent, gaps may be read or skipped
   * @return the plan
   * @throws IllegalArgumentException if ranges are out of order, overlap or pass the end of the
   *     file
   */
  public static RangePlan of(Path file, long fileSize, List<ByteRange> ranges) {
    RangePlan plan = new RangePlan(file, fileSize, ranges);
    plan.check();
    return plan;
  }

  private void check() {
    long last = 0;
    for (ByteRange range : ranges) {
      if (range.begin() < last || range.end() > fileSize) {
        throw new IllegalArgumentException(
            file + ": range " + range + " after byte " + last + " of " + fileSize);
      }
      last = range.end();
    }
  }

  /** {@return the file} */
  public Path file() {
    return file;
  }

  /** {@return the size that the file had when its header was read, in bytes} */
  public long fileSize() {
    return fileSize;
  }

  /**
   * {@return what is wanted, in the order of the file, without overlaps; ranges may be empty or
   * adjacent, gaps may be read or skipped}
   */
  public List<ByteRange> ranges() {
    return ranges;
  }

  /**
   * Counts the bytes wanted.
   *
   * @return bytes, without gaps
   */
  public long bytes() {
    return ranges.stream().mapToLong(ByteRange::size).sum();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RangePlan that
        && file.equals(that.file)
        && fileSize == that.fileSize
        && ranges.equals(that.ranges);
  }

  @Override
  public int hashCode() {
    return Objects.hash(file, fileSize, ranges);
  }

  /** Returns the file, and how many ranges and bytes of it. */
  @Override
  public String toString() {
    return file + ": " + ranges.size() + " ranges, " + bytes() + " of " + fileSize + " bytes";
  }
}
