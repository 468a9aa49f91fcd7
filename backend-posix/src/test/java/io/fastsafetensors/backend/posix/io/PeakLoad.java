// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Loads a file and tells by how much that raised the most memory that the process ever had. */
public final class PeakLoad {
  private PeakLoad() {}

  /** Needs a file, where to write the bytes to, the path, the direct mode, and the alignment. */
  public static void main(String[] args) throws IOException {
    SampleFile file = new SampleFile(Path.of(args[0]), Files.size(Path.of(args[0])), 1);
    try (Loads loads = new Loads()) {
      loads.path = AccessPath.valueOf(args[2].toUpperCase(Locale.ROOT));
      loads.direct = DirectMode.valueOf(args[3].toUpperCase(Locale.ROOT));
      loads.alignment = Long.parseLong(args[4]);
      load(loads, file, 1);
      long before = peak();
      load(loads, file, file.bytes());
      Files.writeString(Path.of(args[1]), Long.toString(peak() - before));
    }
  }

  private static void load(Loads loads, SampleFile file, long bytes) throws LoadException {
    Loads.release(loads.load(file.plan(new ByteRange(0, bytes))));
  }

  private static long peak() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
