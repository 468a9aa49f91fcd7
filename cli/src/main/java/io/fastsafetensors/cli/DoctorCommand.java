// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what is plugged in and what the host offers. */
@Command(
    name = "doctor",
    description = {
      "Prints what is plugged in and what the host offers.",
      "Each device runtime, backend and collective found is available, or says why not.",
      "With --measure: how fast a load is beside what storage and memory give, and why."
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

  @Option(
      names = "--measure",
      paramLabel = "PATH",
      description = "Reads a file, index or folder in several ways, for at most 20 seconds.")
  private @Nullable Path measured;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  /** A plug-in as it is on a device; of a runtime, which is its own, there is none. */
  private record Probed(PluginReport plugin, Optional<Device> device) {
    void writeDevice(JsonGenerator json) throws IOException {
      if (device.isPresent()) {
        json.writeStringField("device", device.get().toString());
      }
    }
  }

  /** What is known of the host, under a name. */
  private record Fact(String name, String text) {}

  @Override
  public Integer call() throws IOException {
    if (measured != null) {
      return measure(measured);
    }
    List<Probed> plugins = plugins();
    List<Fact> facts = facts();
    SettingFacts settings = SettingFacts.read();
    if (json) {
      Json.printObject(
          output.out(),
          target -> {
            write(plugins, facts, target);
            settings.writeTo(target);
          });
    } else {
      plugins.forEach(this::print);
      facts.forEach(fact -> print(fact.name, fact.text));
      settings.lines().forEach(line -> print("setting", line));
      settings.problems().forEach(problem -> print("problem", problem));
    }
    return settings.problems().isEmpty() ? ExitCode.OK : ExitCode.USAGE;
  }

  private int measure(Path path) throws IOException {
    SettingFacts.read().check();
    Measurement measurement = Measurement.of(path);
    if (json) {
      Json.printObject(output.out(), measurement::writeTo);
    } else {
      measurement.lines().forEach(line -> output.out().println(Printing.oneLine(line)));
      measurement.verdict().forEach(line -> print("verdict", line));
    }
    return ExitCode.OK;
  }

  private List<Probed> plugins() {
    List<Probed> all = new ArrayList<>();
    Plugins.installed().probe(Device.CPU).stream()
        .filter(DoctorCommand::isRuntime)
        .forEach(report -> all.add(new Probed(report, Optional.empty())));
    for (Device device : devices()) {
      Plugins.installed().probe(device).stream()
          .filter(report -> !isRuntime(report))
          .forEach(report -> all.add(new Probed(report, Optional.of(device))));
    }
    return all;
  }

  private static List<Fact> facts() {
    List<Fact> all = new ArrayList<>();
    HostFacts.read().forEach((name, text) -> all.add(new Fact(name, text)));
    LimitFacts.read().forEach(text -> all.add(new Fact("limit", text)));
    all.add(new Fact("ranks", ranks()));
    return all;
  }

  private static void write(List<Probed> plugins, List<Fact> facts, JsonGenerator json)
      throws IOException {
    json.writeArrayFieldStart("plugins");
    for (Probed probed : plugins) {
      ReportJson.writePlugin(probed.plugin, json, probed::writeDevice);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("facts");
    for (Fact fact : facts) {
      json.writeStartObject();
      json.writeStringField("name", fact.name);
      json.writeStringField("text", fact.text);
      json.writeEndObject();
    }
    json.writeEndArray();
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

  private void print(Probed probed) {
    PluginReport plugin = probed.plugin;
    String device = probed.device.map(target -> "for " + target + ": ").orElse("");
    String state = plugin.available() ? "available" : "unavailable";
    String kind = plugin.kind().name().toLowerCase(Locale.ROOT);
    print(kind, String.format("%-8s %-11s %s", plugin.id(), state, device + plugin.detail()));
  }

  private void print(String name, String fact) {
    output.out().printf("%-11s %s%n", name, Printing.oneLine(fact));
  }
}
