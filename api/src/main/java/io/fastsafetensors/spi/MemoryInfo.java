// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a device at a moment; immutable.
 *
 * @since 0.1
 */
public final class MemoryInfo {
  private final long freeBytes;
  private final long totalBytes;

  private MemoryInfo(long freeBytes, long totalBytes) {
    this.freeBytes = freeBytes;
    this.totalBytes = totalBytes;
  }

  /**
   * Makes an answer.
   *
   * @param freeBytes what could be allocated now, in bytes; an estimate
   * @param totalBytes all there is, in bytes
   * @return the answer
   */
  public static MemoryInfo of(long freeBytes, long totalBytes) {
    return new MemoryInfo(freeBytes, totalBytes);
  }

  /** {@return what could be allocated now, in bytes; an estimate} */
  public long freeBytes() {
    return freeBytes;
  }

  /** {@return all there is, in bytes} */
  public long totalBytes() {
    return totalBytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MemoryInfo that
        && freeBytes == that.freeBytes
        && totalBytes == that.totalBytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(freeBytes, totalBytes);
  }

  @Override
  public String toString() {
    return "freeBytes " + freeBytes + ", totalBytes " + totalBytes;
  }
}
