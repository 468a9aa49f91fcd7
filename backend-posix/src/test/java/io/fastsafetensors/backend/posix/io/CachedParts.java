// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;

/** Puts parts of a file into the page cache and out of it. */
final class CachedParts {
  private static final Libc LIBC = Faults.real();

  private CachedParts() {}

  /**
   * Takes all of a file out of the page cache; skips the test, visibly, where that is impossible.
   */
  static void evict(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    dropFrom(file, 0);
    Assumptions.assumeTrue(
        pages(file, 0, 0) == 0, file + ": this file system keeps its pages, nothing can be cold");
  }

  /** Reads a file up to a place, so that this part of it and no other is cached. */
  static void warmOnly(Path file, long end) throws IOException {
    evict(file);
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(end));
      assertThat(channel.read(buffer, 0)).isEqualTo(buffer.capacity());
    }
    dropFrom(file, end);
  }

  /** Drops what the kernel read ahead, again while it is still reading. */
  private static void dropFrom(Path file, long begin) {
    int descriptor = LIBC.open(file, false);
    for (int i = 0; i < 1000 && LIBC.cachedPages(descriptor, begin, 0) > 0; i++) {
      LIBC.fadvise(descriptor, begin, 0, FileAdvice.DONT_NEED);
      LockSupport.parkNanos(1_000_000);
    }
    LIBC.close(descriptor);
  }

  /** Counts the cached pages of a part of a file; a length of 0 is all of it. */
  static long pages(Path file, long from, long bytes) {
    int descriptor = LIBC.open(file, false);
    long pages = LIBC.cachedPages(descriptor, from, bytes);
    LIBC.close(descriptor);
    Assumptions.assumeTrue(pages >= 0, "cachestat is not available: it came with Linux 6.5");
    return pages;
  }
}
