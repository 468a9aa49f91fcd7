// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory for small buffers, many of which share an arena: to close one stops all threads of the
 * process for a moment. Thread-safe.
 */
final class Slabs implements AutoCloseable {
  /** What one arena has at most; a buffer that stays open keeps that much. */
  private static final long MOST = 1 << 20;

  private @Nullable Slab current;
  private long nextBytes = 4 << 10;
  private boolean closed;

  /** Memory of one arena, taken from its start on, and counted. */
  private static final class Slab {
    private final Arena arena;
    private final MemorySegment memory;
    private long used;
    private int parts;

    private Slab(Arena arena, MemorySegment memory) {
      this.arena = arena;
      this.memory = memory;
    }

    @SuppressWarnings("MustBeClosedChecker") // closed with the last part
    static Slab of(long bytes, long alignment) {
      Arena arena = Arena.ofShared();
      try {
        return new Slab(arena, arena.allocate(bytes, alignment));
      } catch (OutOfMemoryError e) {
        arena.close();
        throw e;
      }
    }

    boolean fits(long bytes, long alignment) {
      return start(alignment) + bytes <= memory.byteSize();
    }

    private long start(long alignment) {
      return ((memory.address() + used + alignment - 1) & -alignment) - memory.address();
    }

    MemorySegment take(long bytes, long alignment) {
      MemorySegment part = memory.asSlice(start(alignment), bytes);
      used = part.address() - memory.address() + bytes;
      parts++;
      return part;
    }
  }

  /**
   * A part of a slab.
   *
   * @param memory the part; not for those who might keep it
   * @param giveBack gives it back; run once
   */
  record SlabPart(MemorySegment memory, Runnable giveBack) {}

  /** Takes a part. Each slab is twice as large as the one before, up to a bound. */
  synchronized SlabPart take(long bytes, long alignment) {
    Slab slab = current;
    if (slab == null || !slab.fits(bytes, alignment)) {
      Slab next = Slab.of(Math.max(bytes, nextBytes), alignment);
      nextBytes = Math.min(MOST, 2 * next.memory.byteSize());
      if (slab != null && slab.parts == 0) {
        slab.arena.close();
      }
      slab = next;
      current = next;
    }
    Slab taken = slab;
    return new SlabPart(taken.take(bytes, alignment), () -> giveBack(taken));
  }

  private void giveBack(Slab slab) {
    if (isDone(slab)) {
      slab.arena.close();
    }
  }

  /** Counts a part that came back; tells whether the slab is of no use any more. */
  private synchronized boolean isDone(Slab slab) {
    slab.parts--;
    if (slab.parts == 0) {
      slab.used = 0;
    }
    return slab.parts == 0 && (closed || slab != current);
  }

  /** Frees what is idle; what is given back later is freed then. */
  @Override
  public synchronized void close() {
    closed = true;
    Slab slab = current;
    current = null;
    if (slab != null && slab.parts == 0) {
      slab.arena.close();
    }
  }
}
