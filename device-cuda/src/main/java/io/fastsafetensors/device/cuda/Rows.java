// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * Rows to copy.
 *
 * @param source the address of the first
 * @param sourcePitch from the start of one to the start of the next, in bytes
 * @param target the address where the first goes
 * @param targetPitch from the start of one to the start of the next there, in bytes
 * @param count how many
 * @param bytes the size of one
 */
record Rows(long source, long sourcePitch, long target, long targetPitch, long count, long bytes) {
  static Rows of(Region source, Region target) {
    return new Rows(
        source.address(),
        source.pitch(),
        target.address(),
        target.pitch(),
        source.rows(),
        source.rowBytes());
  }

  static Rows of(MemorySegment source, Region target) {
    long bytes = target.rowBytes();
    return new Rows(
        source.address(), bytes, target.address(), target.pitch(), target.rows(), bytes);
  }

  static Rows of(Region source, MemorySegment target) {
    long bytes = source.rowBytes();
    return new Rows(
        source.address(), source.pitch(), target.address(), bytes, source.rows(), bytes);
  }

  boolean isEmpty() {
    return count == 0 || bytes == 0;
  }

  boolean isOneLine() {
    return count == 1 || (sourcePitch == bytes && targetPitch == bytes);
  }

  /** Returns the bytes of rows without anything between them as one row. */
  Rows asOneLine() {
    long all = Math.multiplyExact(count, bytes);
    return new Rows(source, all, target, all, 1, all);
  }

  Rows row(long index) {
    return new Rows(
        source + index * sourcePitch, bytes, target + index * targetPitch, bytes, 1, bytes);
  }

  long widestPitch() {
    return Math.max(sourcePitch, targetPitch);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s rows of %s bytes from 0x%x every %s bytes to 0x%x every %s bytes",
        count,
        bytes,
        source,
        sourcePitch,
        target,
        targetPitch);
  }
}
