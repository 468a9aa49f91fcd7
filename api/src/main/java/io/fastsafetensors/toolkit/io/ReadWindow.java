// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;

/**
 * The bytes of a file that a read into memory of its own takes in: widened to the grain of the way,
 * which stays within the block.
 *
 * @param offset where it starts in the file
 * @param bytes how many
 * @param fileSize where the file ends
 */
record ReadWindow(long offset, long bytes, long fileSize) {
  static ReadWindow of(FileRead read, long grain, long fileSize) {
    long from = read.offset() & -grain;
    return new ReadWindow(from, (read.end() + grain - 1 & -grain) - from, fileSize);
  }

  /** Returns the bytes of a part, in memory that holds the window. */
  MemorySegment part(MemorySegment memory, Span part) {
    long end = Math.min(part.fileEnd(), fileSize);
    return memory.asSlice(part.fileOffset() - offset, end - part.fileOffset());
  }
}
