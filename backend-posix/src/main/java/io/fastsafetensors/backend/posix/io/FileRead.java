// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes that are read in one go.
 *
 * @param offset where they start in the file
 * @param bytes how many; a read never crosses a multiple of the block size
 * @param parts where they go: one part, or several small ones
 */
record FileRead(long offset, long bytes, List<Span> parts) {
  /** Parts up to this size share a read, so that the number of calls follows the bytes. */
  private static final long SMALL = 64 << 10;

  /** Cuts what a layout wants into reads, in the order of the file. */
  static List<FileRead> of(RangeLayout layout, long blockBytes) {
    List<FileRead> reads = new ArrayList<>();
    List<Span> open = new ArrayList<>();
    for (Span part : layout.blocks(blockBytes)) {
      if (!open.isEmpty() && !shares(open.getLast(), part, blockBytes)) {
        reads.add(close(open));
      }
      open.add(part);
    }
    if (!open.isEmpty()) {
      reads.add(close(open));
    }
    return reads;
  }

  private static boolean shares(Span last, Span next, long blockBytes) {
    return last.bytes() <= SMALL
        && next.bytes() <= SMALL
        && next.fileOffset() - last.fileEnd() <= PosixTuning.MAX_GAP
        && last.fileOffset() / blockBytes == next.fileOffset() / blockBytes;
  }

  /** Makes a read of the parts, and empties the list. */
  private static FileRead close(List<Span> parts) {
    long from = parts.getFirst().fileOffset();
    long end = parts.stream().mapToLong(Span::fileEnd).max().orElseThrow();
    FileRead read = new FileRead(from, end - from, List.copyOf(parts));
    parts.clear();
    return read;
  }

  /** Makes a read of one part. */
  static FileRead of(Span part) {
    return new FileRead(part.fileOffset(), part.bytes(), List.of(part));
  }

  long end() {
    return offset + bytes;
  }
}
