// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.parallel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Copies of rows in host memory. */
public final class RowCopies {
  /** What is worth handing to another core, in bytes. */
  private static final long SHARE = 1 << 20;

  /** What a core copies in one go at best: from 2.5 MiB on, the JDK writes past the caches. */
  private static final long BEST_SHARE = 4 << 20;

  /** What a row costs besides its bytes, in bytes that could be copied meanwhile. */
  private static final long ROW_COST = 64;

  private RowCopies() {}

  /** Copies rows; see {@link io.fastsafetensors.toolkit.device.HostMemory#copyRows}. */
  public static void copyRows(
      MemorySegment source,
      long sourcePitch,
      MemorySegment target,
      long targetPitch,
      long rows,
      long rowBytes) {
    checkRows(source, sourcePitch, rows, rowBytes);
    checkRows(target, targetPitch, rows, rowBytes);
    if (rows == 0 || rowBytes == 0) {
      return;
    }
    if (rows == 1 || (sourcePitch == rowBytes && targetPitch == rowBytes)) {
      copyBytes(source, 0, target, 0, rows * rowBytes);
    } else if (rowBytes >= SHARE) {
      for (long row = 0; row < rows; row++) {
        copyBytes(source, row * sourcePitch, target, row * targetPitch, rowBytes);
      }
    } else {
      ParallelRanges.run(
          rows,
          Math.ceilDiv(SHARE, rowBytes + ROW_COST),
          (begin, end) -> {
            for (long row = begin; row < end; row++) {
              MemorySegment.copy(source, row * sourcePitch, target, row * targetPitch, rowBytes);
            }
          },
          source,
          target);
    }
  }

  private static void copyBytes(
      MemorySegment source, long from, MemorySegment target, long to, long bytes) {
    if (bytes <= SHARE) {
      MemorySegment.copy(source, from, target, to, bytes);
      return;
    }
    ParallelRanges.run(
        bytes,
        Math.clamp(bytes / Runtime.getRuntime().availableProcessors(), SHARE, BEST_SHARE),
        (begin, end) -> MemorySegment.copy(source, from + begin, target, to + begin, end - begin),
        source,
        target);
  }

  private static void checkRows(MemorySegment segment, long pitch, long rows, long rowBytes) {
    if (rows < 0 || rowBytes < 0 || (rows > 1 && pitch < rowBytes)) {
      throw new IndexOutOfBoundsException(
          "rows " + rows + " of " + rowBytes + " bytes every " + pitch + " bytes");
    }
    if (rows > 0) {
      long span = Math.addExact(Math.multiplyExact(rows - 1, pitch), rowBytes);
      Objects.checkFromIndexSize(0, span, segment.byteSize());
    }
  }
}
