// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.spi.IoOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Loads a file and tells by how much that raised the most memory that the process ever had. */
public final class PeakLoad {
  private PeakLoad() {}

  /** Needs a file, where to write the bytes to, the path, the direct mode, and the alignment. */
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0]);
    IoOptions options =
        TightLoad.options(
            AccessPath.valueOf(args[2].toUpperCase(Locale.ROOT)),
            DirectMode.valueOf(args[3].toUpperCase(Locale.ROOT)),
            0,
            Long.parseLong(args[4]));
    Path small = Files.write(file.resolveSibling("small"), new byte[1]);
    String said = TightLoad.load(List.of(small), options);
    long before = peak();
    said += TightLoad.load(List.of(file), options);
    Files.writeString(Path.of(args[1]), said + " " + (peak() - before));
  }

  private static long peak() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
