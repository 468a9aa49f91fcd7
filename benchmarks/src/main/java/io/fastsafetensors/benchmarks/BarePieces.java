// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.benchmarks.PartsWant.Piece;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;

/** How a bare program gets pieces of files into memory, on all cores. */
final class BarePieces {
  private static final long GAP = 64 << 10;
  private static final int AT_ONCE = 16;

  /** Room for any piece and the pages at its ends, for each thread. */
  private static final ThreadLocal<MemorySegment> STAGING =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(4 << 20, HostState.PAGE));

  private BarePieces() {}

  /** Gets pieces of open files into memory of their size, and tells which memory has them. */
  @FunctionalInterface
  interface Work {
    List<MemorySegment> run(
        List<FileChannel> files, List<Piece> pieces, MemorySegment memory, Arena arena)
        throws IOException;
  }

  private static List<MemorySegment> map(List<FileChannel> files, Arena arena) throws IOException {
    List<MemorySegment> maps = new ArrayList<>();
    for (FileChannel file : files) {
      maps.add(file.map(MapMode.READ_ONLY, 0, file.size(), arena));
    }
    return maps;
  }

  /** Populates pages; small gaps cost less than calls. */
  static List<MemorySegment> populate(
      List<FileChannel> files, List<Piece> pieces, MemorySegment none, Arena arena)
      throws IOException {
    List<MemorySegment> maps = map(files, arena);
    List<MemorySegment> spans = new ArrayList<>();
    for (int i = 0; i < pieces.size(); ) {
      Piece first = pieces.get(i);
      long begin = first.offset() / HostState.PAGE * HostState.PAGE;
      long end = begin;
      for (;
          i < pieces.size()
              && pieces.get(i).file() == first.file()
              && pieces.get(i).offset() <= end + GAP;
          i++) {
        end = pieces.get(i).offset() + pieces.get(i).bytes();
      }
      spans.add(maps.get(first.file()).asSlice(begin, end - begin));
    }
    spans.forEach(BareMemory::populate);
    return spans;
  }

  static List<MemorySegment> copy(
      List<FileChannel> files, List<Piece> pieces, MemorySegment memory, Arena arena)
      throws IOException {
    List<MemorySegment> maps = map(files, arena);
    forAll(
        pieces,
        piece ->
            MemorySegment.copy(
                maps.get(piece.file()), piece.offset(), memory, piece.target(), piece.bytes()));
    return List.of(memory);
  }

  static List<MemorySegment> read(
      List<FileChannel> files, List<Piece> pieces, MemorySegment memory, Arena arena) {
    forAll(pieces, piece -> read(files.get(piece.file()), piece, memory));
    return List.of(memory);
  }

  static List<MemorySegment> readNew(
      List<FileChannel> files, List<Piece> pieces, MemorySegment none, Arena arena) {
    return read(files, pieces, BareMemory.allocate(arena, PartsWant.end(pieces)), arena);
  }

  /** Reads a piece to its place in memory. */
  static void read(FileChannel file, Piece piece, MemorySegment memory) {
    ByteBuffer target = memory.asSlice(piece.target(), piece.bytes()).asByteBuffer();
    try {
      while (target.hasRemaining()) {
        file.read(target, piece.offset() + target.position());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a piece past the page cache, whole pages of it, and copies it to its place in memory. */
  static void readDirect(FileChannel file, Piece piece, MemorySegment memory) throws IOException {
    long begin = piece.offset() / HostState.PAGE * HostState.PAGE;
    long skipped = piece.offset() - begin;
    long pages = Math.ceilDiv(skipped + piece.bytes(), HostState.PAGE);
    MemorySegment staging = STAGING.get();
    ByteBuffer target = staging.asSlice(0, pages * HostState.PAGE).asByteBuffer();
    while (target.position() < skipped + piece.bytes()) {
      if (file.read(target, begin + target.position()) < 0) {
        throw new EOFException(piece + " is past the end");
      }
    }
    MemorySegment.copy(staging, skipped, memory, piece.target(), piece.bytes());
  }

  /** What is done with a piece. */
  @FunctionalInterface
  private interface Each {
    void take(Piece piece);
  }

  private static void forAll(List<Piece> pieces, Each each) {
    HostState.onAllCores(
        pieces.size(),
        AT_ONCE,
        (from, count) -> pieces.subList((int) from, (int) (from + count)).forEach(each::take));
  }
}
