// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a program without this library does. */
final class PlainWays {
  private static final int BLOCK = 8 << 20;
  private static final int HEAP_PIECE = 256 << 20;

  private PlainWays() {}

  static Way mapAndTouch() {
    return Way.timed(
        "FileChannel.map + touch",
        folder -> {
          for (Path file : Host.files(folder)) {
            try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file)) {
              Host.touch(channel.map(MapMode.READ_ONLY, 0, channel.size(), arena));
            }
          }
        });
  }

  static Way readToHeap() {
    return Way.timed(
        "FileChannel.read, 1 thread, heap",
        folder -> {
          List<ByteBuffer> pieces = new ArrayList<>();
          for (Path file : Host.files(folder)) {
            try (FileChannel channel = FileChannel.open(file)) {
              for (long at = 0; at < channel.size(); at += HEAP_PIECE) {
                ByteBuffer piece =
                    ByteBuffer.allocate((int) Math.min(HEAP_PIECE, channel.size() - at));
                pieces.add(piece);
                readBlocks(channel, piece);
              }
            }
          }
          Host.sink = pieces.size();
        });
  }

  private static void readBlocks(FileChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      target.limit(Math.min(target.capacity(), target.position() + BLOCK));
      if (channel.read(target) < 0) {
        throw new IOException("short file");
      }
      target.limit(target.capacity());
    }
  }

  static Way readToNative() {
    return Way.timed(
        "FileChannel.read, 1 thread, native",
        folder -> {
          try (Arena arena = Arena.ofShared()) {
            for (Path file : Host.files(folder)) {
              try (FileChannel channel = FileChannel.open(file)) {
                MemorySegment memory = arena.allocate(channel.size());
                for (long at = 0; at < channel.size(); at += BLOCK) {
                  long count = Math.min(BLOCK, channel.size() - at);
                  readBlocks(channel, memory.asSlice(at, count).asByteBuffer());
                }
              }
            }
          }
        });
  }
}
