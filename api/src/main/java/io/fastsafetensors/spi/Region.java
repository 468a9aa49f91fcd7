// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.util.Objects;

/**
 * Bytes of a buffer that belong together: rows of equal size at equal distances.
 *
 * <p>A whole tensor is one row. A slice of a row-major tensor along any dimension is rows: as many
 * as the product of the dimensions before it, each as long as the slice of what follows.
 *
 * @param buffer the buffer
 * @param offset where the first row starts in the buffer, in bytes
 * @param rows how many rows; 0 if the region is empty
 * @param rowBytes the size of a row, in bytes
 * @param pitch from the start of a row to the start of the next, in bytes, at least {@code
 *     rowBytes}
 * @since 0.1
 */
public record Region(DeviceBuffer buffer, long offset, long rows, long rowBytes, long pitch) {
  /**
   * Checks that the region lies in the buffer.
   *
   * @throws IndexOutOfBoundsException if it doesn't
   * @throws IllegalArgumentException if rows overlap or a number is negative
   * @throws ArithmeticException if its size overflows
   */
  public Region {
    if (rows < 0 || rowBytes < 0 || pitch < rowBytes) {
      throw new IllegalArgumentException(
          "rows " + rows + " of " + rowBytes + " bytes every " + pitch + " bytes");
    }
    long span = rows == 0 ? 0 : Math.addExact(Math.multiplyExact(rows - 1, pitch), rowBytes);
    Objects.checkFromIndexSize(offset, span, buffer.size());
  }

  /**
   * Makes a region of adjacent bytes.
   *
   * @param buffer the buffer
   * @param offset where it starts in the buffer, in bytes
   * @param bytes its size
   * @return the region, of one row
   * @throws IndexOutOfBoundsException if it doesn't lie in the buffer
   */
  public static Region of(DeviceBuffer buffer, long offset, long bytes) {
    return new Region(buffer, offset, 1, bytes, bytes);
  }

  /**
   * Makes a region of a whole buffer.
   *
   * @param buffer the buffer
   * @return the region, of one row
   */
  public static Region of(DeviceBuffer buffer) {
    return of(buffer, 0, buffer.size());
  }

  /**
   * Counts the bytes in all rows.
   *
   * @return bytes, without those between the rows
   */
  public long bytes() {
    return Math.multiplyExact(rows, rowBytes);
  }

  /**
   * Tells whether the bytes are adjacent.
   *
   * @return true if there is nothing between the rows
   */
  public boolean isContiguous() {
    return rows <= 1 || pitch == rowBytes;
  }

  /**
   * Returns where the first byte is on the device.
   *
   * @return the address, in the device's address space
   * @throws IllegalStateException if the buffer is closed
   */
  public long address() {
    return buffer.address() + offset;
  }

  /**
   * Makes a region of some rows of this one.
   *
   * @param firstRow the first row
   * @param count how many
   * @return the region
   * @throws IndexOutOfBoundsException if there are not so many rows
   */
  public Region rows(long firstRow, long count) {
    Objects.checkFromIndexSize(firstRow, count, rows);
    return new Region(buffer, offset + firstRow * pitch, count, rowBytes, pitch);
  }

  /**
   * Makes a region of adjacent bytes of this one.
   *
   * @param from the first byte, from the start of this region
   * @param bytes how many
   * @return the region, of one row
   * @throws IllegalStateException if this region is not contiguous
   * @throws IndexOutOfBoundsException if it has not so many bytes
   */
  public Region slice(long from, long bytes) {
    if (!isContiguous()) {
      throw new IllegalStateException("not contiguous: " + this);
    }
    Objects.checkFromIndexSize(from, bytes, bytes());
    return of(buffer, offset + from, bytes);
  }

  /**
   * Makes a region of what follows a byte, as far as one region can hold it: whole rows, or bytes
   * of one row. Going on where the last piece ended visits every byte once.
   *
   * @param from the first byte, counted row after row without what is between them
   * @param most how many bytes at most, above 0
   * @return the region; not empty
   * @throws IndexOutOfBoundsException if there is no such byte
   */
  public Region piece(long from, long most) {
    Objects.checkIndex(from, bytes());
    if (isContiguous()) {
      return of(buffer, offset + from, Math.min(most, bytes() - from));
    }
    long row = from / rowBytes;
    long within = from % rowBytes;
    if (within == 0 && most >= rowBytes) {
      return rows(row, Math.min(most / rowBytes, rows - row));
    }
    return of(buffer, offset + row * pitch + within, Math.min(most, rowBytes - within));
  }
}
