// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import org.jspecify.annotations.Nullable;

/**
 * Memory for tensors that come one by one. Small ones share a buffer: to free one stops all threads
 * of the process for a moment. Thread-safe.
 */
final class TensorRoom {
  /** What small tensors share; one that stays open keeps that much. */
  private static final long SHARED_BYTES = 1 << 20;

  /** Larger ones have memory of their own. */
  private static final long SMALL = SHARED_BYTES / 8;

  private static final long ALIGNMENT = 64;

  private final SharedContext context;
  private @Nullable Memory shared;
  private long used;
  private boolean closed;

  TensorRoom(SharedContext context) {
    this.context = context;
  }

  /** Takes memory; the caller is a holder of the piece's. */
  Piece take(TensorSpec spec, long bytes) throws LoadException {
    if (bytes > SMALL || bytes == 0) {
      Memory own = Memory.allocate(context, bytes);
      return new Piece(spec, own, Region.of(own.buffer()));
    }
    return takeShared(spec, bytes);
  }

  private synchronized Piece takeShared(TensorSpec spec, long bytes) throws LoadException {
    if (shared == null || used + bytes > SHARED_BYTES) {
      Memory next = Memory.allocate(context, SHARED_BYTES);
      letGo();
      shared = next;
      used = 0;
    }
    Memory memory = shared;
    Region place = Region.of(memory.buffer(), used, bytes);
    memory.retain();
    used += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    if (closed) {
      letGo();
    }
    return new Piece(spec, memory, place);
  }

  private void letGo() {
    if (shared != null) {
      shared.release();
      shared = null;
    }
  }

  /** Keeps nothing; tensors keep theirs. */
  synchronized void close() {
    closed = true;
    letGo();
  }
}
