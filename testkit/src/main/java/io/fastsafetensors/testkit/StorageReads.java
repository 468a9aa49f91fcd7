// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Assumptions;

/** What this process got from storage and not from the page cache, as Linux counts it. */
final class StorageReads {
  private static final Path COUNTERS = Path.of("/proc/self/io");
  private static final String BYTES = "read_bytes: ";
  private static final int PROBE = 65_536;

  private StorageReads() {}

  static long bytes() throws IOException {
    return Files.readAllLines(COUNTERS).stream()
        .filter(line -> line.startsWith(BYTES))
        .mapToLong(line -> Long.parseLong(line.substring(BYTES.length())))
        .findFirst()
        .orElseThrow(() -> new IOException(COUNTERS + " has no line " + BYTES));
  }

  /** Skips the test, visibly, where a direct read of our own is refused, or not counted. */
  static void assumeCounted(SampleFile file) {
    String impossible = "can't be checked here: ";
    try {
      long before = bytes();
      readDirectly(file.path());
      Assumptions.assumeTrue(
          bytes() - before >= PROBE,
          impossible + COUNTERS + " does not count direct reads from this file system");
    } catch (IOException | UnsupportedOperationException e) {
      Assumptions.abort(impossible + e);
    }
  }

  /**
   * By name: javac warns of this exported class of {@code jdk.unsupported}, and can't be told not
   * to.
   */
  private static OpenOption direct() throws IOException {
    try {
      return (OpenOption)
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
    } catch (ReflectiveOperationException e) {
      throw new IOException("this JDK knows no direct reads: " + e, e);
    }
  }

  private static void readDirectly(Path file) throws IOException {
    int block = Math.toIntExact(Files.getFileStore(file).getBlockSize());
    ByteBuffer buffer = ByteBuffer.allocateDirect(PROBE + block).alignedSlice(block).limit(PROBE);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, direct())) {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, buffer.position()) < 0) {
          throw new IOException(file + " ends early");
        }
      }
    }
  }
}
