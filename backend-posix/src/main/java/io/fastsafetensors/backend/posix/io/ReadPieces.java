// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Memory at pages for reads that can't go to their place: as many pieces as threads of the process
 * read so at a time. Thread-safe.
 */
final class ReadPieces {
  private static final long PAGE = 4 << 10;

  private final long bytes;
  private final ConcurrentLinkedDeque<MemorySegment> idle = new ConcurrentLinkedDeque<>();

  ReadPieces(long bytes) {
    this.bytes = bytes;
  }

  MemorySegment take() {
    MemorySegment free = idle.poll();
    return free == null ? Arena.ofAuto().allocate(bytes, PAGE) : free;
  }

  void giveBack(MemorySegment piece) {
    idle.push(piece);
  }
}
