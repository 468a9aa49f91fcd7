// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

/**
 * Adjacent bytes of a file.
 *
 * @param begin the first byte, from the start of the file
 * @param end one past the last byte
 * @since 0.1
 */
public record ByteRange(long begin, long end) {
  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if begin is negative or after end
   */
  public ByteRange {
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException("no byte range: " + begin + " to " + end);
    }
  }

  /**
   * Returns the size.
   *
   * @return bytes; 0 if empty
   */
  public long size() {
    return end - begin;
  }
}
