// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** What a program without this library does. */
final class PlainWays {
  private static final int BLOCK = 8 << 20;
  private static final int SHARED_BLOCK = 1 << 20;
  private static final int HEAP_PIECE = 256 << 20;

  static final String MAP_TOUCH = "FileChannel.map + touch";
  static final String MAP_POPULATE = "FileChannel.map + populate, all threads";
  static final String READ_NATIVE = "FileChannel.read, 1 thread, native";
  static final String POPULATE_READ = "populate, then read, all threads";
  static final String READ_POPULATED = "read into populated memory, all threads";

  private PlainWays() {}

  static List<Way> all() {
    return List.of(
        Way.timed(MAP_TOUCH, folder -> map(folder, HostState::touch)).mapping(),
        Way.timed(MAP_POPULATE, f -> map(f, BareMemory::populate))
            .only(CacheState.WARM, CacheState.WARM_SMALL)
            .mapping(),
        Way.timed("FileChannel.read, 1 thread, heap", PlainWays::readToHeap)
            .only(CacheState.WARM, CacheState.COLD),
        Way.timed(READ_NATIVE, PlainWays::readToNative).only(CacheState.WARM, CacheState.COLD),
        Way.timed(POPULATE_READ, PlainWays::populateAndRead).only(CacheState.WARM),
        readPopulated());
  }

  /** What the page cache gives at best where it has to be copied. */
  static Way readPopulated() {
    return Way.of(READ_POPULATED, PlainWays::readToPopulated).only(CacheState.WARM);
  }

  private static void map(Path folder, Consumer<MemorySegment> use) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      for (Path file : HostState.files(folder)) {
        try (FileChannel channel = FileChannel.open(file)) {
          use.accept(channel.map(MapMode.READ_ONLY, 0, channel.size(), arena));
        }
      }
    }
  }

  private static void readToHeap(Path folder) throws IOException {
    List<ByteBuffer> pieces = new ArrayList<>();
    for (Path file : HostState.files(folder)) {
      try (FileChannel channel = FileChannel.open(file)) {
        for (long at = 0; at < channel.size(); at += HEAP_PIECE) {
          ByteBuffer piece = ByteBuffer.allocate((int) Math.min(HEAP_PIECE, channel.size() - at));
          pieces.add(piece);
          read(channel, at, piece);
        }
      }
    }
    HostState.sink = pieces.size();
  }

  private static void readToNative(Path folder) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      for (Path file : HostState.files(folder)) {
        try (FileChannel channel = FileChannel.open(file)) {
          MemorySegment memory = arena.allocate(channel.size());
          for (long at = 0; at < channel.size(); at += BLOCK) {
            long count = Math.min(BLOCK, channel.size() - at);
            read(channel, at, memory.asSlice(at, count).asByteBuffer());
          }
        }
      }
    }
  }

  private static void read(FileChannel channel, long from, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      int start = target.position();
      target.limit(Math.min(target.capacity(), start + BLOCK));
      if (channel.read(target, from + start) < 0) {
        throw new IOException("short file");
      }
      target.limit(target.capacity());
    }
  }

  private static void populateAndRead(Path folder) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      readInParallel(folder, BareMemory.allocate(arena, HostState.bytes(folder)));
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with the run
  private static Way.Run readToPopulated(Path folder) throws IOException {
    Arena arena = Arena.ofShared();
    MemorySegment memory = BareMemory.allocate(arena, HostState.bytes(folder));
    return new Way.Run() {
      @Override
      public long nanos() throws Exception {
        return Way.time(() -> readInParallel(folder, memory));
      }

      @Override
      public void close() {
        arena.close();
      }
    };
  }

  private static void readInParallel(Path folder, MemorySegment memory) throws IOException {
    long begin = 0;
    for (Path file : HostState.files(folder)) {
      try (FileChannel channel = FileChannel.open(file)) {
        MemorySegment target = memory.asSlice(begin, channel.size());
        begin += channel.size();
        HostState.onAllCores(
            target.byteSize(),
            SHARED_BLOCK,
            (offset, bytes) -> readPart(channel, offset, target.asSlice(offset, bytes)));
      }
    }
  }

  private static void readPart(FileChannel channel, long offset, MemorySegment target) {
    try {
      read(channel, offset, target.asByteBuffer());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
