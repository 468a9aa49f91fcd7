// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Brings the machine into the state that a run starts from. */
final class Host {
  private static final int PAGE = 4096;
  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  private Host() {}

  /**
   * Touches as much memory as a run will use. A virtual machine gives free memory back to its host;
   * without this, a run measures how fast it gets it again.
   */
  static void touchMemory(long bytes) {
    try (Arena arena = Arena.ofShared()) {
      touch(arena.allocate(bytes));
    }
  }

  /** Reads a byte of each page, on all cores. */
  static void touch(MemorySegment segment) {
    int parts = Runtime.getRuntime().availableProcessors();
    long share = Math.ceilDiv(segment.byteSize(), parts);
    int sum =
        IntStream.range(0, parts)
            .parallel()
            .map(part -> sum(segment, part * share, (part + 1) * share))
            .sum();
    sink = sum;
  }

  private static int sum(MemorySegment segment, long from, long to) {
    int sum = 0;
    for (long at = from; at < Math.min(to, segment.byteSize()); at += PAGE) {
      sum += segment.get(ValueLayout.JAVA_BYTE, at);
    }
    return sum;
  }

  /** Keeps the compiler from removing the reads. */
  static volatile int sink;

  static boolean canDropCaches() {
    return Files.isWritable(DROP_CACHES);
  }

  /** Empties the page cache; needs root. */
  static void dropCaches() {
    try {
      Files.writeString(DROP_CACHES, "3");
    } catch (IOException e) {
      throw new UncheckedIOException("dropping the page cache needs root", e);
    }
  }

  /** Fills the page cache with the files of a folder. */
  static void warm(Path folder) throws IOException {
    byte[] buffer = new byte[4 << 20];
    for (Path file : files(folder)) {
      try (var in = Files.newInputStream(file)) {
        while (in.read(buffer) >= 0) {
          sink = buffer[0];
        }
      }
    }
  }

  /** Returns the safetensors files of a folder. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  /** Returns the size of the files of a folder. */
  static long bytes(Path folder) throws IOException {
    long bytes = 0;
    for (Path file : files(folder)) {
      bytes += Files.size(file);
    }
    return bytes;
  }
}
