// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.ConversionBlock.Step;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Memory of a few MiB a thread, in which a large conversion is made piece by piece. The loops of a
 * conversion make the processor read each line of the target before they write it; a copy of a
 * whole piece doesn't, since the JDK lets large copies write past the caches. Thread-safe.
 */
final class Staging implements AutoCloseable {
  /** The size of a target, in bytes, from which on pieces are worth their memory. */
  static final long WORTH = 64L << 20;

  /** From 2.5 MiB on the JDK's copies write past the caches; more would leave them sooner. */
  private static final long PIECE = 5L << 19;

  private final MemorySegment source;
  private final DType from;
  private final MemorySegment target;
  private final DType to;
  private final Arena arena = Arena.ofShared();
  private final Queue<MemorySegment> free = new ConcurrentLinkedQueue<>();

  @SuppressWarnings("MustBeClosedChecker") // closed with this
  Staging(MemorySegment source, DType from, MemorySegment target, DType to) {
    this.source = source;
    this.from = from;
    this.target = target;
    this.to = to;
  }

  /** Returns how many elements a piece has. */
  long elements() {
    return PIECE / to.byteSize(1);
  }

  /** Converts all elements from {@code start} to {@code end}, piece by piece. */
  void run(Step step, long start, long end) {
    MemorySegment piece =
        Objects.requireNonNullElseGet(free.poll(), () -> arena.allocate(PIECE, Long.BYTES));
    for (long at = start; at < end; at += elements()) {
      runPiece(step, piece, at, Math.min(elements(), end - at));
    }
    free.add(piece);
  }

  private void runPiece(Step step, MemorySegment piece, long start, long count) {
    MemorySegment elements = source.asSlice(from.byteSize(start), from.byteSize(count));
    step.runAll(new ConversionBlock(elements, piece, count), 0, count);
    MemorySegment.copy(piece, 0, target, to.byteSize(start), to.byteSize(count));
  }

  @Override
  public void close() {
    arena.close();
  }
}
