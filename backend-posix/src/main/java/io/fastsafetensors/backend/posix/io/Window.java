// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;

/**
 * The bytes of a file that a read into a memory of its own takes in: widened to what direct reads
 * need, which stays within the block.
 *
 * @param offset where it starts in the file
 * @param bytes how many
 */
record Window(long offset, long bytes) {
  /** Returns the window of a read. */
  static Window of(FileRead read, TransferPath path, DirectFile direct) {
    long grain = path == TransferPath.DIRECT ? direct.grain() : 1;
    long from = read.offset() & -grain;
    return new Window(from, (read.end() + grain - 1 & -grain) - from);
  }

  /** Returns the bytes of a part in memory that holds the window. */
  MemorySegment part(MemorySegment memory, Span part, long fileSize) {
    long end = Math.min(part.fileEnd(), fileSize);
    return memory.asSlice(part.fileOffset() - offset, end - part.fileOffset());
  }
}
