// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The argument that has the course of a load drawn. */
final class ReportOption {
  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = {
        "Also write a page that shows what was done when, and why; of a load that fails, too.",
        "Ranks of one host write one page together."
      })
  private @Nullable Path file;

  @Option(
      names = "--limits",
      paramLabel = "FILE.json",
      description = {
        "What 'fst doctor --measure PATH --json' has printed: the page shows it beside the",
        "load's own throughput."
      })
  private @Nullable Path limits;

  /** Begins to record, if there is a file to report to. */
  LoadRecording begin(Output output) {
    Path target = file;
    Map<String, Long> speeds = limits == null ? Map.of() : MeasuredLimits.read(limits);
    if (target == null && !speeds.isEmpty()) {
      throw output.misuse("--limits are for --report");
    }
    return target == null
        ? LoadRecording.none()
        : LoadRecording.begin(new ReportPage(target), output.arguments(), speeds);
  }
}
