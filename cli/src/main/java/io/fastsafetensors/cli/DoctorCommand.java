// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
      description = {
        "What backends and collectives are probed for. Repeatable.",
        "Default: cpu, and the first of each other kind found."
      })
  private List<String> devices = new ArrayList<>();

  @Override
  public Integer call() {
    Plugins.installed().probe(Device.CPU).stream()
        .filter(DoctorCommand::isRuntime)
        .forEach(r -> print(r, ""));
    for (Device device : devices()) {
      Plugins.installed().probe(device).stream()
          .filter(report -> !isRuntime(report))
          .forEach(report -> print(report, "for " + device + ": "));
    }
    HostFacts.read().forEach(this::print);
    LimitFacts.read().forEach(fact -> print("limit", fact));
    print("ranks", ranks());
    return ExitCode.OK;
  }

  /** Says which rank of how many a load would be that is started as this command was. */
  private static String ranks() {
    try {
      return GroupConfig.fromEnvironment()
          .map(GroupConfig::toString)
          .orElse("none: no launcher started this process");
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private Collection<Device> devices() {
    return devices.isEmpty() ? firstOfEachType() : devices.stream().map(Device::parse).toList();
  }

  private static Collection<Device> firstOfEachType() {
    return Plugins.installed().devices().stream()
        .collect(
            Collectors.toMap(
                Device::type, device -> device, (first, _) -> first, LinkedHashMap::new))
        .values();
  }

  private static boolean isRuntime(PluginReport report) {
    return report.kind() == PluginReport.Kind.DEVICE;
  }

  private void print(PluginReport plugin, String device) {
    String state = plugin.available() ? "available" : "unavailable";
    String kind = plugin.kind().name().toLowerCase(Locale.ROOT);
    print(kind, String.format("%-8s %-11s %s", plugin.id(), state, device + plugin.detail()));
  }

  private void print(String name, String fact) {
    output.out().printf("%-11s %s%n", name, Printing.oneLine(fact));
  }
}
