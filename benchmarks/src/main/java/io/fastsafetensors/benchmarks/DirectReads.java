// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Reads past the page cache, each thread into one block again and again, so that memory costs
 * nothing.
 *
 * @param blockBytes the size of a read
 * @param depth how many there are at a time, a thread each
 */
record DirectReads(int blockBytes, int depth) {
  /** Reads all files of a folder, one after the other. */
  void read(Path folder) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(depth)) {
      for (Path file : Host.files(folder)) {
        read(file, threads);
      }
    }
  }

  private void read(Path file, ExecutorService threads) throws Exception {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, direct())) {
      AtomicLong next = new AtomicLong();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < depth; i++) {
        running.add(
            threads.submit(() -> {
              readBlocks(channel, next);
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
  private static OpenOption direct() throws ClassNotFoundException {
    return Stream.of(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
        .map(OpenOption.class::cast)
        .filter(option -> option.toString().equals("DIRECT"))
        .findFirst()
        .orElseThrow();
  }

  private void readBlocks(FileChannel channel, AtomicLong next) throws IOException {
    ByteBuffer block =
        ByteBuffer.allocateDirect(blockBytes + Host.PAGE)
            .alignedSlice(Host.PAGE)
            .slice(0, blockBytes);
    for (long at = next.getAndAdd(blockBytes);
        at < channel.size();
        at = next.getAndAdd(blockBytes)) {
      block.clear();
      while (block.hasRemaining() && channel.read(block, at + block.position()) > 0) {
        if (block.position() % Host.PAGE != 0) {
          return; // the file's end
        }
      }
    }
  }
}
