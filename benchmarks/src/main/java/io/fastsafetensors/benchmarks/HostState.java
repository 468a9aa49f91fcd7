// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Brings the machine into the state that a run starts from. */
final class HostState {
  static final int PAGE = 4096;
  static final int CORES = Runtime.getRuntime().availableProcessors();

  private static final int BLOCK = 4 << 20;
  private static final long TOUCHED_AT_ONCE = 16L << 20;
  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  private HostState() {}

  /**
   * Touches memory. A virtual machine gives free memory back to its host; without this, a run
   * measures how fast it gets it again. Small pages come from other places than huge pages, which
   * alone are given back within a second: they are touched last, and held while the machine
   * settles.
   *
   * @param bytes how much of each kind, may be 0
   * @param settle for how many seconds; what earlier runs freed is given back from 2 seconds on,
   *     and some hosts do that with the thread that serves the disk
   */
  static void touchMemory(long bytes, int settle) throws InterruptedException {
    try (Arena arena = Arena.ofShared()) {
      // The JDK clears what it allocates.
      IntStream.range(0, CORES).parallel().forEach(_ -> arena.allocate(Math.ceilDiv(bytes, CORES)));
    }
    try (Arena arena = Arena.ofShared()) {
      BareMemory.allocate(arena, bytes);
      Thread.sleep(Duration.ofSeconds(settle));
    }
  }

  /** Reads a byte of each page, on all cores. */
  static void touch(MemorySegment segment) {
    touch(List.of(segment));
  }

  /** Reads a byte of each page, on this thread. */
  static void touchAlone(MemorySegment segment) {
    sink = joined(List.of(segment)).stream().mapToInt(HostState::sum).sum();
  }

  /** Reads a byte of each page of several segments, on all cores. */
  static void touch(List<MemorySegment> segments) {
    List<MemorySegment> pieces = joined(segments).stream().flatMap(HostState::pieces).toList();
    sink = pieces.parallelStream().mapToInt(HostState::sum).sum();
  }

  /**
   * Joins what lies side by side, so that a mapping is touched alike as one segment or as the
   * tensors in it; all of one class, or the JVM compiles slower reads for the later ways.
   */
  @SuppressWarnings("restricted") // who gives the segments keeps them alive meanwhile
  private static List<MemorySegment> joined(List<MemorySegment> segments) {
    List<MemorySegment> joined = new ArrayList<>();
    long begin = 0;
    long end = 0;
    for (MemorySegment segment : segments) {
      if (segment.address() != end) {
        joined.add(MemorySegment.ofAddress(begin).reinterpret(end - begin));
        begin = segment.address();
      }
      end = segment.address() + segment.byteSize();
    }
    joined.add(MemorySegment.ofAddress(begin).reinterpret(end - begin));
    return joined;
  }

  private static Stream<MemorySegment> pieces(MemorySegment segment) {
    return LongStream.iterate(0, at -> at < segment.byteSize(), at -> at + TOUCHED_AT_ONCE)
        .mapToObj(at -> segment.asSlice(at, Math.min(TOUCHED_AT_ONCE, segment.byteSize() - at)));
  }

  private static int sum(MemorySegment segment) {
    int sum = 0;
    for (long at = 0; at < segment.byteSize(); at += PAGE) {
      sum += segment.get(ValueLayout.JAVA_BYTE, at);
    }
    return sum;
  }

  /** Keeps the compiler from removing the reads. */
  static volatile int sink;

  /** Something to be done with a part of something. */
  @FunctionalInterface
  interface Part {
    void run(long offset, long bytes);
  }

  /** Does something with each block, on all cores, which take one after the other. */
  static void onAllCores(long bytes, long block, Part part) {
    AtomicLong next = new AtomicLong();
    IntStream.range(0, CORES)
        .parallel()
        .forEach(_ -> {
          for (long at = next.getAndAdd(block); at < bytes; at = next.getAndAdd(block)) {
            part.run(at, Math.min(block, bytes - at));
          }
        });
  }

  /** Returns how much memory the machine has, in bytes. */
  static long memory() throws IOException {
    String total = Files.readAllLines(Path.of("/proc/meminfo")).getFirst();
    return Long.parseLong(total.replaceAll("\\D", "")) << 10;
  }

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

  /** Reads the first share of each file of a folder into the page cache. */
  static void warm(Path folder, double share) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
    for (Path file : files(folder)) {
      try (FileChannel channel = FileChannel.open(file)) {
        read(channel, 0, (long) (channel.size() * share), buffer);
      }
    }
  }

  /**
   * Reads the files of a folder into small pages of the page cache: backwards, so that the kernel
   * sees nothing that it would read ahead, in larger pages.
   */
  static void warmInSmallPages(Path folder) throws IOException {
    int piece =
        Readahead.LINUX_KIB << 10; // more than the readahead of a disk goes into large pages
    ByteBuffer buffer = ByteBuffer.allocateDirect(piece);
    for (Path file : files(folder)) {
      try (FileChannel channel = FileChannel.open(file)) {
        for (long end = channel.size(); end > 0; end = (end - 1) / piece * piece) {
          read(channel, (end - 1) / piece * piece, end, buffer);
        }
      }
    }
  }

  private static void read(FileChannel channel, long from, long to, ByteBuffer buffer)
      throws IOException {
    for (long at = from, count = 0; at < to && count >= 0; at += count) {
      count = channel.read(buffer.clear().limit((int) Math.min(buffer.capacity(), to - at)), at);
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
