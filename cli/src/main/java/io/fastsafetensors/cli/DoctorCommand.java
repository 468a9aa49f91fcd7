// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what is plugged in and what the host offers. */
@Command(
    name = "doctor",
    description = {
      "Prints what is plugged in and what the host offers.",
      "Each device runtime, backend and collective found is available, or says why not."
    })
final class DoctorCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "What backends and collectives are probed for. Default: cpu.")
  private String device;

  @Override
  public Integer call() {
    for (PluginReport plugin : Plugins.probe(Device.parse(device))) {
      output.out().println(line(plugin));
    }
    HostFacts.read().forEach((name, fact) -> print(name, Printing.oneLine(fact)));
    return ExitCode.OK;
  }

  private static String line(PluginReport plugin) {
    return String.format(
        "%-11s %-8s %-11s %s",
        plugin.kind().name().toLowerCase(Locale.ROOT),
        plugin.id(),
        plugin.available() ? "available" : "unavailable",
        Printing.oneLine(plugin.detail()));
  }

  private void print(String name, String fact) {
    output.out().printf("%-11s %s%n", name, fact);
  }
}
