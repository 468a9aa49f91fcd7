// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the ranges of a plan go in one buffer, and which bytes of the file are read for them.
 *
 * <p>Ranges that are near each other share a {@linkplain Span span}, which is read in one go; so
 * the number of reads follows the bytes and not the ranges. Pure data: immutable, thread-safe, made
 * in one pass over the ranges.
 *
 * @since 0.1
 */
public final class RangeLayout {
  private final List<Span> spans;
  private final long[] offsets;
  private final long[] sizes;
  private final long bytes;
  private final long bufferAlignment;

  /**
   * What a layout has to keep; immutable.
   *
   * @since 0.1
   */
  public static final class Rules {
    private final long alignment;
    private final long alignFrom;
    private final long maxGap;
    private final long grain;

    private Rules(Builder builder) {
      this.alignment = builder.alignment;
      this.alignFrom = builder.alignFrom;
      this.maxGap = builder.maxGap;
      this.grain = builder.grain;
      check();
    }

    private void check() {
      if (Long.bitCount(alignment) != 1 || Long.bitCount(grain) != 1) {
        throw new IllegalArgumentException(
            "want powers of two: alignment " + alignment + ", grain " + grain);
      }
      if (Math.min(Math.min(alignment, grain), Math.min(alignFrom, maxGap)) < 0) {
        throw new IllegalArgumentException("negative: alignFrom " + alignFrom + ", gap " + maxGap);
      }
    }

    /**
     * Starts with ranges that lie side by side, each read by itself.
     *
     * @return a builder
     */
    public static Builder builder() {
      return new Builder();
    }

    /**
     * {@return a power of two: spans, and ranges of at least {@link #alignFrom} bytes, start at
     * multiples of it in the buffer; 1 is any offset}
     */
    public long alignment() {
      return alignment;
    }

    /**
     * {@return the smallest range, in bytes, for which a span is broken to keep the alignment; 0
     * keeps it for every range}
     */
    public long alignFrom() {
      return alignFrom;
    }

    /** {@return the most unwanted bytes between two ranges that are read along with them} */
    public long maxGap() {
      return maxGap;
    }

    /**
     * {@return a power of two: spans start and end at multiples of it in the file, and start at
     * multiples of it in the buffer, as reads past the page cache need; 1 is anywhere. A range
     * whose place in the file contradicts the alignment gets a span that is not {@linkplain
     * Span#isOnGrain on the grain}}
     */
    public long grain() {
      return grain;
    }

    /** {@return a builder that starts with all that this has} */
    public Builder toBuilder() {
      return new Builder().alignment(alignment).alignFrom(alignFrom).maxGap(maxGap).grain(grain);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Rules that
          && alignment == that.alignment
          && alignFrom == that.alignFrom
          && maxGap == that.maxGap
          && grain == that.grain;
    }

    @Override
    public int hashCode() {
      return Objects.hash(alignment, alignFrom, maxGap, grain);
    }

    @Override
    public String toString() {
      return "alignment "
          + alignment
          + ", alignFrom "
          + alignFrom
          + ", maxGap "
          + maxGap
          + ", grain "
          + grain;
    }

    /**
     * Makes rules; not thread-safe.
     *
     * @since 0.1
     */
    public static final class Builder {
      private long alignment = 1;
      private long alignFrom;
      private long maxGap;
      private long grain = 1;

      private Builder() {}

      /**
       * Sets what spans and large ranges start at multiples of, in the buffer.
       *
       * @param value a power of two; 1 is any offset
       * @return this
       */
      public Builder alignment(long value) {
        this.alignment = value;
        return this;
      }

      /**
       * Sets the smallest range, in bytes, for which a span is broken to keep the alignment; 0
       * keeps it for every range.
       *
       * @param value the smallest range, in bytes, for which a span is broken to keep the
       *     alignment; 0 keeps it for every range
       * @return this
       */
      public Builder alignFrom(long value) {
        this.alignFrom = value;
        return this;
      }

      /**
       * Sets the most unwanted bytes between two ranges that are read along with them.
       *
       * @param value the most unwanted bytes between two ranges that are read along with them
       * @return this
       */
      public Builder maxGap(long value) {
        this.maxGap = value;
        return this;
      }

      /**
       * Sets what spans start and end at multiples of, in the file.
       *
       * @param value a power of two; 1 is anywhere
       * @return this
       */
      public Builder grain(long value) {
        this.grain = value;
        return this;
      }

      /**
       * Makes the rules; the builder can go on.
       *
       * @return the rules
       * @throws IllegalArgumentException if alignment or grain is not a power of two, or a number
       *     is negative
       */
      public Rules build() {
        return new Rules(this);
      }
    }
  }

  /**
   * Adjacent bytes of the file that go to adjacent bytes of the buffer.
   *
   * @param fileOffset where they start in the file, in bytes
   * @param bufferOffset where they go in the buffer, in bytes
   * @param bytes how many, above 0; if rounded up to the grain they may pass the end of the file by
   *     less than a grain, and the buffer has the room for that
   * @since 0.1
   */
  public record Span(long fileOffset, long bufferOffset, long bytes) {
    /**
     * Returns where the bytes end in the file.
     *
     * @return one past the last byte
     */
    public long fileEnd() {
      return fileOffset + bytes;
    }

    /**
     * Tells whether the bytes start and end on multiples of a grain, in the file and in the buffer.
     *
     * @param grain a power of two
     * @return true if a read past the page cache of that grain can bring them in place
     */
    public boolean isOnGrain(long grain) {
      return ((fileOffset | bufferOffset | bytes) & (grain - 1)) == 0;
    }

    /**
     * Cuts the bytes into blocks that start at a multiple of the block's size in the file, but for
     * the first.
     *
     * @param blockBytes the most bytes of a block
     * @return the blocks, in order
     * @throws IllegalArgumentException if the size is not above 0
     */
    public List<Span> blocks(long blockBytes) {
      if (blockBytes <= 0) {
        throw new IllegalArgumentException("blocks of " + blockBytes + " bytes");
      }
      List<Span> blocks = new ArrayList<>();
      for (long at = fileOffset; at < fileEnd(); ) {
        long count = Math.min(blockBytes - at % blockBytes, fileEnd() - at);
        blocks.add(new Span(at, at - fileOffset + bufferOffset, count));
        at += count;
      }
      return blocks;
    }
  }

  private RangeLayout(List<Span> spans, long[] offsets, long[] sizes, long bytes, long alignment) {
    this.spans = List.copyOf(spans);
    this.offsets = offsets;
    this.sizes = sizes;
    this.bytes = bytes;
    this.bufferAlignment = alignment;
  }

  /**
   * Lays out the ranges of a plan, in the order of the file.
   *
   * @param plan the ranges
   * @param rules what to keep
   * @return the layout
   * @throws ArithmeticException if the buffer would pass 2^63 bytes
   */
  public static RangeLayout of(RangePlan plan, Rules rules) {
    SpanPlacement placement = new SpanPlacement(rules);
    List<ByteRange> ranges = plan.ranges();
    long[] offsets = ranges.stream().mapToLong(placement::place).toArray();
    long[] sizes = ranges.stream().mapToLong(ByteRange::size).toArray();
    placement.endSpan();
    return new RangeLayout(
        placement.spans(),
        offsets,
        sizes,
        placement.bufferEnd(),
        Math.max(rules.alignment, rules.grain));
  }

  /**
   * Moves everything to a later place in the buffer, as alignment of most ranges may want.
   *
   * @param lead how far, in bytes
   * @return the layout, whose buffer starts with as many unused bytes
   */
  public RangeLayout shifted(long lead) {
    List<Span> moved =
        spans.stream()
            .map(s -> new Span(s.fileOffset(), s.bufferOffset() + lead, s.bytes()))
            .toList();
    long[] places = new long[offsets.length];
    Arrays.setAll(places, i -> sizes[i] == 0 ? 0 : offsets[i] + lead);
    return new RangeLayout(moved, places, sizes, bytes + lead, bufferAlignment);
  }

  /**
   * Returns what to read.
   *
   * @return the spans, in the order of the file and of the buffer; none if every range is empty
   */
  public List<Span> spans() {
    return spans;
  }

  /**
   * Returns what to read, in pieces; all but the first and last piece of a span are blocks that
   * start at a multiple of the block's size in the file.
   *
   * @param blockBytes the most bytes of a piece, a multiple of the grain
   * @return the pieces, in the order of the file
   * @throws IllegalArgumentException if the size is not above 0
   */
  public List<Span> blocks(long blockBytes) {
    return spans.stream().flatMap(span -> span.blocks(blockBytes).stream()).toList();
  }

  /**
   * Returns how large the buffer has to be.
   *
   * @return bytes, with gaps that are read along and padding; 0 if every range is empty
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Returns what the buffer's address has to be a multiple of.
   *
   * @return a power of two, in bytes
   */
  public long bufferAlignment() {
    return bufferAlignment;
  }

  /**
   * Returns where a range goes.
   *
   * @param range the range's place in the plan, from 0
   * @return the offset in the buffer, in bytes; 0 for an empty range
   * @throws IndexOutOfBoundsException if the plan has no such range
   */
  public long offset(int range) {
    return offsets[range];
  }

  /**
   * Makes the regions of all ranges in a buffer.
   *
   * @param buffer a buffer of at least {@link #bytes()} bytes; it stays the caller's
   * @return a contiguous region for each range, in the plan's order
   * @throws IndexOutOfBoundsException if the buffer is too small
   */
  public List<Region> regions(DeviceBuffer buffer) {
    List<Region> regions = new ArrayList<>(offsets.length);
    for (int i = 0; i < offsets.length; i++) {
      regions.add(region(i, buffer));
    }
    return regions;
  }

  /**
   * Makes the region of one range in a buffer.
   *
   * @param range the range's place in the plan, from 0
   * @param buffer as for {@link #regions}
   * @return a contiguous region
   * @throws IndexOutOfBoundsException if the plan has no such range, or the buffer is too small
   */
  public Region region(int range, DeviceBuffer buffer) {
    return Region.of(buffer, offsets[range], sizes[range]);
  }

  /** Returns how many ranges there are. */
  int ranges() {
    return offsets.length;
  }

  /** Returns the spans and sizes, for logs. */
  @Override
  public String toString() {
    return "RangeLayout[" + Arrays.stream(sizes).sum() + " bytes in " + bytes + ", " + spans + "]";
  }
}
