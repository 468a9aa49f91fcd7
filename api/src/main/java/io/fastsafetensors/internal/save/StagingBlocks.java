// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongFunction;

/** A bounded number of blocks of memory that are filled, written and filled again. Thread-safe. */
final class StagingBlocks {
  private final int most;
  private final long bytes;
  private final LongFunction<MemorySegment> allocator;
  private final Waiting waiting;
  private final Deque<MemorySegment> free = new ArrayDeque<>();
  private int made;

  /** Waits for a change. */
  interface Waiting {
    /** Waits on a monitor that the caller holds; fails if the save is to end. */
    void on(Object monitor) throws IOException;
  }

  StagingBlocks(SaveTuning tuning, LongFunction<MemorySegment> allocator, Waiting waiting) {
    this.most = tuning.handedOver();
    this.bytes = tuning.blockBytes();
    this.allocator = allocator;
    this.waiting = waiting;
  }

  long blockBytes() {
    return bytes;
  }

  /** Takes a block; waits until there is one. */
  synchronized MemorySegment take() throws IOException {
    while (free.isEmpty() && made == most) {
      waiting.on(this);
    }
    if (free.isEmpty()) {
      MemorySegment block = allocator.apply(bytes);
      made++;
      return block;
    }
    return free.pop();
  }

  /** Gives a block back. */
  synchronized void give(MemorySegment block) {
    free.push(block);
    notifyAll();
  }
}
