// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Reads bytes of files as plainly as can be, by several threads and for a bounded time. */
final class StorageProbe {
  private static final int BLOCK = 4 << 20;
  private static final int SMALL_BLOCK = 64 << 10;
  private static final int PAGE = 4096;
  private static final int DEPTH = 16;
  private static final String OF_STORAGE = " % of it from storage";
  private static final int HALF = 50;

  /** Is there in all JVMs, but javac warns of its name, and knows no way to keep from that. */
  private static final String DIRECT = "com.sun.nio.file.ExtendedOpenOption";

  private static final Path COUNTERS = Path.of("/proc/self/io");

  private final List<Path> files;
  private final List<Block> blocks = new ArrayList<>();

  /** A part of a file. */
  private record Block(int file, long offset, int bytes) {}

  /** Takes the blocks of files, at most so many bytes. Direct reads want multiples of a sector. */
  StorageProbe(List<Path> files, long mostBytes) throws IOException {
    this.files = files;
    long left = mostBytes / SMALL_BLOCK * SMALL_BLOCK;
    for (int i = 0; i < files.size() && left > 0; i++) {
      long size = Math.min(left, Files.size(files.get(i)) / SMALL_BLOCK * SMALL_BLOCK);
      for (long at = 0; at < size; at += BLOCK) {
        blocks.add(new Block(i, at, (int) Math.min(BLOCK, size - at)));
      }
      left -= size;
    }
  }

  /** Reads past the page cache. */
  Rate direct(Duration limit) {
    try {
      OpenOption option = (OpenOption) Class.forName(DIRECT).getField("DIRECT").get(null);
      return read("direct reads", DEPTH, limit, Set.of(option));
    } catch (ReflectiveOperationException e) {
      return Rate.unknown("direct reads", "this JVM has none");
    }
  }

  /** Reads by way of the page cache, with a thread for each processor. */
  Rate buffered(String name, Duration limit) {
    return read(name, Runtime.getRuntime().availableProcessors(), limit, Set.of());
  }

  private Rate read(String name, int threads, Duration limit, Set<OpenOption> options) {
    if (blocks.isEmpty()) {
      return Rate.unknown(
          name, "the files, or what memory is free, are smaller than " + SMALL_BLOCK + " bytes");
    }
    long storage = storageBytes();
    long start = System.nanoTime();
    AtomicInteger next = new AtomicInteger();
    AtomicLong bytes = new AtomicLong();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        all.add(
            pool.submit(() -> {
              read(next, bytes, start + limit.toNanos(), options);
              return null;
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException e) {
      return Rate.unknown(
          name, "refused: " + Failures.message(Objects.requireNonNull(e.getCause())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Rate.unknown(name, "interrupted");
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Rate(name, bytes.get(), seconds, shareOfStorage(storage, bytes.get()));
  }

  private void read(AtomicInteger next, AtomicLong bytes, long end, Set<OpenOption> options)
      throws IOException {
    List<FileChannel> open = new ArrayList<>();
    Set<OpenOption> all = new HashSet<>(options);
    all.add(StandardOpenOption.READ);
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer buffer = arena.allocate(BLOCK, PAGE).asByteBuffer();
      int file = -1;
      for (int i = next.getAndIncrement();
          i < blocks.size() && System.nanoTime() < end;
          i = next.getAndIncrement()) {
        Block block = blocks.get(i);
        if (block.file != file) {
          open.add(FileChannel.open(files.get(block.file), all));
          file = block.file;
        }
        buffer.clear().limit(block.bytes);
        bytes.addAndGet(Math.max(0, open.getLast().read(buffer, block.offset)));
      }
    } finally {
      for (FileChannel channel : open) {
        channel.close();
      }
    }
  }

  /** Returns what this process had read from storage so far; negative if that isn't known. */
  static long storageBytes() {
    try {
      return Files.readAllLines(COUNTERS).stream()
          .filter(line -> line.startsWith("read_bytes:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(-1);
    } catch (IOException | RuntimeException e) {
      return -1;
    }
  }

  /** Tells whether a rate of reads is known to be of the page cache for the most part. */
  static boolean isOfPageCache(Rate rate) {
    return rate.detail().endsWith(OF_STORAGE)
        && Integer.parseInt(rate.detail().substring(0, rate.detail().indexOf(' '))) < HALF;
  }

  private static String shareOfStorage(long before, long bytes) {
    long now = storageBytes();
    return before < 0 || now < 0 || bytes == 0
        ? ""
        : Math.min(100, 100 * (now - before) / bytes) + OF_STORAGE;
  }
}
