// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Gathers bytes that come mostly one after the other into blocks, and hands those over to be
 * written by another thread. Not thread-safe.
 */
final class Run {
  private final Assembly assembly;
  private final StagingBlocks blocks;
  private final Assembly.Writing writing;
  private @Nullable MemorySegment block;
  private long from;
  private long end;

  Run(Assembly assembly, StagingBlocks blocks, Assembly.Writing writing) {
    this.assembly = assembly;
    this.blocks = blocks;
    this.writing = writing;
  }

  Assembly assembly() {
    return assembly;
  }

  /**
   * Takes a copy of bytes for a place in the file.
   *
   * @param position the place
   * @param content has the bytes
   * @param offset where they start in it
   * @param count how many
   */
  void put(long position, Content.Placed content, long offset, long count) throws IOException {
    if (position != end) {
      flush();
      end = position;
    }
    for (long taken = 0; taken < count; ) {
      MemorySegment room = room();
      long part = Math.min(room.byteSize(), count - taken);
      content.read(offset + taken, room.asSlice(0, part));
      taken += part;
      end += part;
      if (part == room.byteSize()) {
        flush();
      }
    }
  }

  /** Returns what is left of the block. The blocks of all runs start at the same places. */
  private MemorySegment room() throws IOException {
    MemorySegment current = block;
    if (current == null) {
      current = blocks.take();
      block = current;
      from = end;
    }
    return current.asSlice(end % blocks.blockBytes());
  }

  /** Hands over what was gathered. */
  void flush() throws IOException {
    MemorySegment gathered = block;
    if (gathered != null) {
      block = null;
      MemorySegment bytes = gathered.asSlice(from % blocks.blockBytes(), end - from);
      assembly.put(from, bytes, writing, () -> blocks.give(gathered));
    }
  }
}
