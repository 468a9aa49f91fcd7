// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads past the page cache into huge pages, since storage is slow to write to small ones: each
 * thread into one block again and again, so that memory costs nothing, or all into new memory.
 */
final class DirectReads implements Way.Run {
  private final Path folder;
  private final int blockBytes;
  private final int depth;
  private final Arena arena = Arena.ofShared();
  private final @Nullable MemorySegment reused;

  /** Storage may need a processor, too: one is left to it. */
  private final Semaphore clearing = new Semaphore(Math.max(1, HostState.CORES - 1));

  /** Where the blocks of a file are read to. */
  @FunctionalInterface
  private interface Memory {
    MemorySegment block(int thread, long offset) throws InterruptedException;
  }

  /**
   * Gets the memory, unless it is to be new in each run.
   *
   * @param blockBytes the size of a read
   * @param depth how many there are at a time, a thread each
   * @param intoNewMemory whether all is kept, in memory that is cleared within the time
   */
  DirectReads(Path folder, int blockBytes, int depth, boolean intoNewMemory) {
    this.folder = folder;
    this.blockBytes = blockBytes;
    this.depth = depth;
    this.reused = intoNewMemory ? null : BareMemory.allocate(arena, (long) blockBytes * depth);
  }

  @Override
  public long nanos() throws Exception {
    return Way.time(this::read);
  }

  /** Reads all files, one after the other. */
  private void read() throws Exception {
    try (Arena fresh = Arena.ofShared();
        ExecutorService threads = Executors.newFixedThreadPool(depth)) {
      for (Path file : HostState.files(folder)) {
        read(
            file,
            reused == null ? newMemory(fresh, Files.size(file)) : sameMemory(reused),
            threads);
      }
    }
  }

  private Memory sameMemory(MemorySegment memory) {
    return (thread, _) -> memory.asSlice((long) thread * blockBytes, blockBytes);
  }

  private Memory newMemory(Arena arena, long bytes) {
    MemorySegment memory = BareMemory.map(arena, Math.ceilDiv(bytes, blockBytes) * blockBytes);
    return (_, offset) -> {
      MemorySegment block = memory.asSlice(offset, blockBytes);
      clearing.acquire();
      try {
        BareMemory.clear(block);
      } finally {
        clearing.release();
      }
      return block;
    };
  }

  private void read(Path file, Memory memory, ExecutorService threads) throws Exception {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, direct())) {
      AtomicLong next = new AtomicLong();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < depth; i++) {
        int thread = i;
        running.add(
            threads.submit(() -> {
              readBlocks(channel, next, memory, thread);
              return null;
            }));
      }
      for (Future<?> thread : running) {
        thread.get();
      }
    }
  }

  /**
   * The compiler warns of its class by name, for which there is no remedy in a warning-free build.
   */
  static OpenOption direct() throws ClassNotFoundException {
    return Stream.of(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
        .map(OpenOption.class::cast)
        .filter(option -> option.toString().equals("DIRECT"))
        .findFirst()
        .orElseThrow();
  }

  private void readBlocks(FileChannel channel, AtomicLong next, Memory memory, int thread)
      throws IOException, InterruptedException {
    for (long at = next.getAndAdd(blockBytes);
        at < channel.size();
        at = next.getAndAdd(blockBytes)) {
      ByteBuffer block = memory.block(thread, at).asByteBuffer();
      while (block.hasRemaining() && channel.read(block, at + block.position()) > 0) {
        if (block.position() % HostState.PAGE != 0) {
          return; // the file's end
        }
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
