// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a load did on this rank, and why.
 *
 * @param device where the tensors are
 * @param candidates every plug-in that was considered, in the order of preference, with its reason
 * @param files each file that this rank read
 * @param bytes the tensors' size, in bytes
 * @param elapsed how long the load took
 * @since 0.1
 */
public record LoadReport(
    Device device,
    List<PluginReport> candidates,
    List<FileReport> files,
    long bytes,
    Duration elapsed) {
  /** Copies the lists. */
  public LoadReport {
    candidates = List.copyOf(candidates);
    files = List.copyOf(files);
  }

  /**
   * Returns the speed.
   *
   * @return 10^9 bytes a second; 0 if nothing was loaded
   */
  public double gbps() {
    return bytes == 0 ? 0 : (double) bytes / Math.max(1, elapsed.toNanos());
  }

  /** Returns a line for the load, one for each plug-in considered, and one for each file. */
  @Override
  public String toString() {
    String considered =
        candidates.stream()
            .map(c ->
                "  " + c.id() + (c.available() ? " available: " : " unavailable: ") + c.detail())
            .collect(Collectors.joining("\n"));
    return String.format(
            Locale.ROOT,
            "%d bytes to %s in %.3f s, %.2f GB/s%n",
            bytes,
            device,
            elapsed.toNanos() / 1e9,
            gbps())
        + considered
        + files.stream().map(LoadReport::line).collect(Collectors.joining());
  }

  private static String line(FileReport file) {
    return "\n  "
        + file.file()
        + ": "
        + file.backend()
        + " "
        + file.bytesByPath()
        + ", "
        + file.tensors()
        + " tensors, "
        + file.bytes()
        + " bytes: "
        + file.reason();
  }
}
