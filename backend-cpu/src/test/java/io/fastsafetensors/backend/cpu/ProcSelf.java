// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;

/**
 * What this process holds of the files of a folder and of the backend's threads, as the kernel
 * counts them.
 */
record ProcSelf(long descriptors, long mappings, long threads) {
  private static final Path SELF = Path.of("/proc/self");
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** Nothing. */
  static final ProcSelf CLEAN = new ProcSelf(0, 0, 0);

  /** Skips the test where the kernel doesn't tell. */
  static void assumeReadable() {
    Assumptions.assumeTrue(
        Files.isReadable(SELF.resolve("maps")), "leaks are counted in /proc/self: only on Linux");
  }

  static ProcSelf of(Path folder) throws IOException {
    String prefix = folder.toRealPath().toString();
    long mappings =
        Files.readAllLines(SELF.resolve("maps")).stream().filter(l -> l.contains(prefix)).count();
    return new ProcSelf(
        count("fd", entry -> Files.readSymbolicLink(entry).startsWith(prefix)),
        mappings,
        // The kernel cuts names after 15 bytes.
        count(
            "task",
            entry -> Files.readString(entry.resolve("comm")).startsWith("fastsafetensors")));
  }

  /**
   * Takes files at once, since a garbage collection closes what was forgotten, but waits for
   * threads, which end a moment after they were waited for.
   */
  static ProcSelf settled(Path folder) throws IOException {
    ProcSelf first = of(folder);
    long start = System.nanoTime();
    long threads = first.threads;
    while (threads > 0 && System.nanoTime() - start < PATIENCE_NANOS) {
      LockSupport.parkNanos(10_000_000);
      threads = of(folder).threads;
    }
    return new ProcSelf(first.descriptors, first.mappings, threads);
  }

  private interface Test {
    boolean holds(Path entry) throws IOException;
  }

  private static long count(String kind, Test test) throws IOException {
    long count = 0;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(SELF.resolve(kind))) {
      for (Path entry : entries) {
        count += holds(entry, test) ? 1 : 0;
      }
    }
    return count;
  }

  private static boolean holds(Path entry, Test test) {
    try {
      return test.holds(entry);
    } catch (IOException e) {
      return false; // gone since it was listed
    }
  }
}
