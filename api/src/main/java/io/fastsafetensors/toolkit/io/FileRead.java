// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes of a file that are read in one go, and where they go; immutable.
 *
 * @since 0.1
 */
public final class FileRead {
  /** Gaps up to this size are read along, in bytes: a read of its own would cost more. */
  public static final long MAX_GAP = 64 << 10;

  /** Parts up to this size share a read, so that the number of reads follows the bytes. */
  private static final long SMALL = 64 << 10;

  private final long offset;
  private final long bytes;
  private final int buffer;
  private final List<Span> parts;

  private FileRead(long offset, long bytes, int buffer, List<Span> parts) {
    this.offset = offset;
    this.bytes = bytes;
    this.buffer = buffer;
    this.parts = List.copyOf(parts);
  }

  /**
   * Makes a read of several parts.
   *
   * @param offset where it starts in the file, in bytes
   * @param bytes how much it reads
   * @param parts which of its bytes go where in the buffer
   * @return the read
   */
  public static FileRead of(long offset, long bytes, List<Span> parts) {
    return new FileRead(offset, bytes, 0, parts);
  }

  /**
   * Makes a read of one part.
   *
   * @param part its bytes and where they go
   * @return the read
   */
  public static FileRead of(Span part) {
    return new FileRead(part.fileOffset(), part.bytes(), 0, List.of(part));
  }

  /** Makes a read whose parts nobody knows before it is prepared. */
  static FileRead whole(long offset, long bytes, int buffer) {
    return new FileRead(offset, bytes, buffer, List.of());
  }

  /**
   * Cuts what a layout wants into reads; none crosses a multiple of the block size. Small parts
   * that are near each other share a read.
   *
   * @param layout what is wanted, and where it goes
   * @param blockBytes the most bytes of a read
   * @param buffer the number of the buffer, from 0, for targets that have several
   * @return the reads, in the order of the file
   */
  public static List<FileRead> cut(RangeLayout layout, long blockBytes, int buffer) {
    List<FileRead> reads = new ArrayList<>();
    List<Span> open = new ArrayList<>();
    for (Span part : layout.blocks(blockBytes)) {
      if (!open.isEmpty() && !share(open.getLast(), part, blockBytes)) {
        reads.add(join(open, buffer));
      }
      open.add(part);
    }
    if (!open.isEmpty()) {
      reads.add(join(open, buffer));
    }
    return reads;
  }

  private static boolean share(Span last, Span next, long blockBytes) {
    return last.bytes() <= SMALL
        && next.bytes() <= SMALL
        && next.fileOffset() - last.fileEnd() <= MAX_GAP
        && last.fileOffset() / blockBytes == next.fileOffset() / blockBytes;
  }

  /** Makes a read of the parts, and empties the list. */
  private static FileRead join(List<Span> parts, int buffer) {
    long from = parts.getFirst().fileOffset();
    long end = parts.stream().mapToLong(Span::fileEnd).max().orElseThrow();
    FileRead read = new FileRead(from, end - from, buffer, parts);
    parts.clear();
    return read;
  }

  /** {@return where the bytes start in the file} */
  public long offset() {
    return offset;
  }

  /** {@return how many bytes are read; the last of a file may pass its end} */
  public long bytes() {
    return bytes;
  }

  /** {@return one past the last byte} */
  public long end() {
    return offset + bytes;
  }

  /** {@return the number of the buffer that the parts go to} */
  public int buffer() {
    return buffer;
  }

  /** {@return where the bytes go: one part, or several small ones} */
  public List<Span> parts() {
    return parts;
  }

  /** Returns the place in the file, for logs. */
  @Override
  public String toString() {
    return bytes + " bytes at " + offset + " in " + parts.size() + " parts";
  }
}
