// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a part of a row-major tensor is: rows of bytes, in ascending order, that side by side are
 * the part. Pure data: its size doesn't grow with the rows, but for those that were given by index.
 */
public final class Slice {
  private final Shape shape;
  private final Blocks blocks;
  private final long bytes;

  /**
   * Rows of equal size and distance, within a tensor.
   *
   * @param offset where the first starts, from the start of the tensor, in bytes
   * @param rows how many
   * @param rowBytes the size of each
   * @param pitch from the start of a row to the next
   */
  public record Rows(long offset, long rows, long rowBytes, long pitch) {
    long end() {
      return offset + (rows - 1) * pitch + rowBytes;
    }

    public long bytes() {
      return rows * rowBytes;
    }
  }

  /**
   * Rows of a part, and where they go in it.
   *
   * @param rows where they are
   * @param to where they go, from the start of the part, in bytes
   */
  public record PartRows(Rows rows, long to) {}

  /** Blocks of rows, in ascending order, apart. */
  interface Blocks {
    long count();

    Rows block(long index);

    /** Returns where a block goes in the part. */
    long to(long index);
  }

  Slice(Shape shape, Blocks blocks) {
    this.shape = shape;
    this.blocks = blocks;
    long last = blocks.count() - 1;
    this.bytes = last < 0 ? 0 : Math.addExact(blocks.to(last), blocks.block(last).bytes());
  }

  /** Returns the part that is the whole tensor. */
  public static Slice whole(DType dtype, Shape shape) {
    long size = dtype.byteSize(shape.elements());
    return size == 0
        ? new Slice(shape, StridedBlocks.NONE)
        : new Slice(shape, StridedBlocks.of(new Rows(0, 1, size, size)));
  }

  /** Returns a part that is a run of bytes of the tensor, as bytes. */
  static Slice run(ByteRange range) {
    long size = range.size();
    return new Slice(Shape.of(size), StridedBlocks.of(new Rows(range.begin(), 1, size, size)));
  }

  /** Returns the part's shape. */
  public Shape shape() {
    return shape;
  }

  /** Returns the part's size, in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Tells whether the part is one run of bytes of the tensor, or empty. */
  public boolean isContiguous() {
    return blocks.count() == 0 || (isRows() && (first().rows() == 1 || isDense(first())));
  }

  private static boolean isDense(Rows rows) {
    return rows.pitch() == rows.rowBytes();
  }

  private Rows first() {
    return blocks.block(0);
  }

  /** Tells whether the part is rows of equal size and distance, or empty. */
  public boolean isRows() {
    return blocks.count() <= 1;
  }

  /** Returns where the part begins in the tensor, in bytes; 0 if it is empty. */
  public long begin() {
    return blocks.count() == 0 ? 0 : first().offset();
  }

  /** Returns where the part ends in the tensor, in bytes; 0 if it is empty. */
  public long end() {
    return blocks.count() == 0 ? 0 : blocks.block(blocks.count() - 1).end();
  }

  /**
   * Returns the part's rows in a tensor's region.
   *
   * @throws IllegalStateException if they are not of equal distance
   */
  public Region in(Region tensor) {
    if (blocks.count() == 0) {
      return new Region(tensor.buffer(), tensor.offset(), 0, 0, 0);
    }
    if (!isRows()) {
      throw new IllegalStateException("the part has " + blocks.count() + " blocks of rows");
    }
    return region(first(), tensor, 0);
  }

  /** Returns rows of the tensor in a region that has some of its bytes, from an offset on. */
  public static Region region(Rows rows, Region bytes, long from) {
    return new Region(
        bytes.buffer(),
        bytes.offset() + rows.offset() - from,
        rows.rows(),
        rows.rowBytes(),
        rows.pitch());
  }

  /** Returns all of the part, in ascending order. */
  public List<PartRows> partRows() {
    return within(begin(), end());
  }

  /**
   * Returns what the part has of a range of the tensor.
   *
   * @param begin the first byte, from the start of the tensor
   * @param end one past the last byte
   * @return the rows, in ascending order; none if the part has nothing there
   */
  public List<PartRows> within(long begin, long end) {
    List<PartRows> found = new ArrayList<>();
    for (long i = firstEndingAfter(begin); i < blocks.count(); i++) {
      Rows block = blocks.block(i);
      if (block.offset() >= end) {
        break;
      }
      clip(block, blocks.to(i), begin, end, found);
    }
    return found;
  }

  /**
   * Adds the runs of bytes that the part has, from the start of the tensor, in ascending order.
   *
   * @param maxGap rows that are no further apart are one run
   */
  void addRuns(long maxGap, List<ByteRange> runs) {
    for (long i = 0; i < blocks.count(); i++) {
      Rows block = blocks.block(i);
      if (block.pitch() - block.rowBytes() <= maxGap) {
        runs.add(new ByteRange(block.offset(), block.end()));
        continue;
      }
      for (long row = 0; row < block.rows(); row++) {
        long start = block.offset() + row * block.pitch();
        runs.add(new ByteRange(start, start + block.rowBytes()));
      }
    }
  }

  private long firstEndingAfter(long begin) {
    long low = 0;
    long high = blocks.count();
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (blocks.block(middle).end() > begin) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Adds what a block has of a range: of the first and the last row it may be a part. */
  private static void clip(Rows block, long to, long begin, long end, List<PartRows> found) {
    long pitch = Math.max(1, block.pitch());
    long first = Math.max(0, Math.ceilDiv(begin + 1 - block.offset() - block.rowBytes(), pitch));
    long last = Math.min(block.rows() - 1, Math.floorDiv(end - 1 - block.offset(), pitch));
    for (long row = first; row <= last; ) {
      long start = block.offset() + row * pitch;
      long from = Math.max(start, begin);
      long until = Math.min(start + block.rowBytes(), end);
      boolean isWhole = until - from == block.rowBytes();
      long rows = isWhole ? wholeRows(block, row, last, end) : 1;
      Rows clipped = new Rows(from, rows, until - from, isWhole ? block.pitch() : until - from);
      found.add(new PartRows(clipped, to + row * block.rowBytes() + from - start));
      row += rows;
    }
  }

  /** Counts the rows from one on that end within a range. */
  private static long wholeRows(Rows block, long row, long last, long end) {
    long lastEnd = block.offset() + last * block.pitch() + block.rowBytes();
    return last - row + (lastEnd <= end || last == row ? 1 : 0);
  }

  @Override
  public String toString() {
    return shape + ", " + blocks.count() + " blocks of rows, " + bytes + " bytes";
  }
}
