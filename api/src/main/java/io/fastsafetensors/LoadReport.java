// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a load did on this rank, and why.
 *
 * @param device where the tensors are
 * @param candidates every plug-in that was considered, in the order of preference, with its reason
 * @param conversions what became of the types of this rank's tensors; empty if no conversion was
 *     asked for
 * @param files each file that this rank read
 * @param bytes the tensors' size, in bytes
 * @param elapsed how long the load took
 * @param keptBytes the memory, in bytes, that earlier loads of the loader could not free yet,
 *     because a file that hangs may still write to it; 0 unless a load was left behind
 * @since 0.1
 */
public record LoadReport(
    Device device,
    List<PluginReport> candidates,
    List<ConversionReport> conversions,
    List<FileReport> files,
    long bytes,
    Duration elapsed,
    long keptBytes) {
  /** Copies the lists. */
  public LoadReport {
    candidates = List.copyOf(candidates);
    conversions = List.copyOf(conversions);
    files = List.copyOf(files);
  }

  /**
   * Returns this report with what is kept at another moment.
   *
   * @param bytes the memory that loads which were left behind keep
   * @return the report
   */
  public LoadReport withKeptBytes(long bytes) {
    return new LoadReport(device, candidates, conversions, files, this.bytes, elapsed, bytes);
  }

  /**
   * Returns the speed.
   *
   * @return 10^9 bytes a second; 0 if nothing was loaded
   */
  public double gbps() {
    return bytes == 0 ? 0 : (double) bytes / Math.max(1, elapsed.toNanos());
  }

  /**
   * Returns a line for the load, and one for each plug-in considered, for each type and option that
   * it was converted or left by, and for each file.
   */
  @Override
  public String toString() {
    return Stream.of(
            Stream.of(headline()),
            candidates.stream().map(PluginReport::toString),
            conversions.stream().map(ConversionReport::toString),
            files.stream().map(LoadReport::line),
            keptBytes == 0
                ? Stream.<String>empty()
                : Stream.of(keptBytes + " bytes are kept until files that hang answer"))
        .flatMap(lines -> lines)
        .collect(Collectors.joining("\n  "));
  }

  private String headline() {
    if (elapsed.isZero()) {
      return "device " + device + ", nothing loaded yet";
    }
    return String.format(
        Locale.ROOT,
        "%s bytes to %s in %.3f s, %.2f GB/s",
        bytes,
        device,
        seconds(elapsed),
        gbps());
  }

  private static String line(FileReport file) {
    String paths =
        file.bytesByPath().isEmpty()
            ? "0 bytes"
            : file.bytesByPath().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(e -> e.getValue() + " bytes " + e.getKey())
                .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "%s: %s, %s, %s tensors, done after %.3f s: %s",
        file.file(),
        file.backend(),
        paths,
        file.tensors(),
        seconds(file.elapsed()),
        file.reason());
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
