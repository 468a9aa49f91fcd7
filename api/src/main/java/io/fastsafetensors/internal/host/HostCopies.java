// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.LongStream;

/** Copies of rows in host memory. */
public final class HostCopies {
  /** What one core should at least have to do, in bytes; less costs more to hand out. */
  private static final long SHARE = 1 << 20;

  /** What a row costs besides its bytes, in bytes that could be copied meanwhile. */
  private static final long ROW_COST = 64;

  /** Never started: stands for the pool's threads when asking who may access a segment. */
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  private HostCopies() {}

  /** Copies rows; see {@link io.fastsafetensors.spi.HostMemory#copyRows}. */
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
    boolean shareable = source.isAccessibleBy(ANOTHER) && target.isAccessibleBy(ANOTHER);
    if (rows == 1 || (sourcePitch == rowBytes && targetPitch == rowBytes)) {
      copyBytes(source, 0, target, 0, rows * rowBytes, shareable);
    } else if (rowBytes >= SHARE) {
      for (long row = 0; row < rows; row++) {
        copyBytes(source, row * sourcePitch, target, row * targetPitch, rowBytes, shareable);
      }
    } else {
      share(
          rows,
          rows * (rowBytes + ROW_COST),
          shareable,
          (begin, end) -> {
            for (long row = begin; row < end; row++) {
              MemorySegment.copy(source, row * sourcePitch, target, row * targetPitch, rowBytes);
            }
          });
    }
  }

  private static void copyBytes(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long bytes,
      boolean shareable) {
    share(
        bytes,
        bytes,
        shareable,
        (begin, end) ->
            MemorySegment.copy(
                source, sourceOffset + begin, target, targetOffset + begin, end - begin));
  }

  /** Does a part of a job, from a first unit to one past the last. */
  private interface Part {
    void run(long begin, long end);
  }

  /** Runs a job in parts on the JVM's common pool if it is large, else on this thread. */
  private static void share(long units, long cost, boolean shareable, Part part) {
    long parts = Math.min(cost / SHARE, 4L * (ForkJoinPool.getCommonPoolParallelism() + 1));
    if (parts <= 1 || !shareable) {
      part.run(0, units);
      return;
    }
    long step = Math.ceilDiv(units, parts);
    LongStream.range(0, parts)
        .parallel()
        .map(i -> Math.min(units, i * step))
        .forEach(begin -> part.run(begin, Math.min(units, begin + step)));
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
