// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import java.util.List;

/** What the tests need of the machine. */
final class Collectives {
  private Collectives() {}

  /** Skips the test where nothing connects processes, and says why. */
  static void assumeAny() {
    List<PluginReport> collectives =
        Plugins.installed().probe(Device.CPU).stream()
            .filter(report -> report.kind() == PluginReport.Kind.COLLECTIVE)
            .toList();
    assumeTrue(
        collectives.stream().anyMatch(PluginReport::available),
        () -> "needs a collective, and there is " + collectives);
  }
}
