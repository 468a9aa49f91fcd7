// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

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

  /** The disk's limit as Java reaches it: direct reads in parallel, into memory that is reused. */
  static Way direct(int threads) {
    return Way.timed(
        "direct reads, " + threads + " threads x 8 MiB, reused memory",
        folder -> {
          try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Path file : Host.files(folder)) {
              AtomicLong next = new AtomicLong();
              Callable<Long> reader = () -> readDirect(file, next);
              List<Callable<Long>> readers = java.util.Collections.nCopies(threads, reader);
              for (Future<Long> done : pool.invokeAll(readers)) {
                Host.sink = done.get().intValue();
              }
            }
          }
        });
  }

  private static long readDirect(Path file, AtomicLong next) throws IOException {
    OpenOption[] options = {StandardOpenOption.READ, ExtendedOpenOption.DIRECT};
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, options)) {
      ByteBuffer block = arena.allocate(BLOCK, 4096).asByteBuffer();
      long read = 0;
      for (long at = next.getAndAdd(BLOCK); at < channel.size(); at = next.getAndAdd(BLOCK)) {
        read += channel.read(block.clear(), at);
      }
      return read;
    }
  }
}
