// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import java.util.List;

/** What tests of several ranks share. */
final class Ranks {
  private Ranks() {}

  /** Skips the test where no collective is available, and says why none is. */
  static void needACollective() {
    List<PluginReport> collectives =
        Plugins.installed().probe(Device.CPU).stream()
            .filter(report -> report.kind() == PluginReport.Kind.COLLECTIVE)
            .toList();
    assumeTrue(
        collectives.stream().anyMatch(PluginReport::available),
        () -> "no collective is available among " + collectives);
  }

  /** Returns what one rank printed. */
  static List<String> linesOf(int rank, Fst fst) {
    String prefix = "[" + rank + "] ";
    return fst.outLines().stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .toList();
  }
}
