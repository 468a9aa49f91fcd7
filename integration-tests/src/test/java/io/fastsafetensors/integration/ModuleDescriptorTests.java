// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Provides;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each module's descriptor and its services for the class path say the same. */
class ModuleDescriptorTests {
  private static final Set<String> EXPORTED =
      Set.of(
          "io.fastsafetensors",
          "io.fastsafetensors.dlpack",
          "io.fastsafetensors.format",
          "io.fastsafetensors.spi",
          "io.fastsafetensors.toolkit.device",
          "io.fastsafetensors.toolkit.group",
          "io.fastsafetensors.toolkit.host",
          "io.fastsafetensors.toolkit.io",
          "io.fastsafetensors.toolkit.plugin",
          "io.fastsafetensors.toolkit.text",
          "io.fastsafetensors.testkit",
          "io.fastsafetensors.testkit.sim");

  static List<Path> modules() throws IOException {
    try (Stream<Path> folders = Files.list(Path.of(".."))) {
      return folders
          .map(folder -> folder.resolve("target").resolve("classes"))
          .filter(classes -> Files.exists(classes.resolve("module-info.class")))
          .sorted()
          .toList();
    }
  }

  @Test
  void thereAreModules() throws IOException {
    assertThat(modules()).hasSizeGreaterThanOrEqualTo(4);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void servicesOfTheClassPathEqualTheDescriptor(Path classes) throws IOException {
    Map<String, Set<String>> provided = new HashMap<>();
    for (Provides provides : descriptor(classes).provides()) {
      provided.put(provides.service(), new HashSet<>(provides.providers()));
    }
    assertThat(services(classes)).isEqualTo(provided);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void onlyTheContractIsExported(Path classes) throws IOException {
    Set<String> exported =
        descriptor(classes).exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
    assertThat(EXPORTED).containsAll(exported);
  }

  private static ModuleDescriptor descriptor(Path classes) throws IOException {
    try (InputStream in = Files.newInputStream(classes.resolve("module-info.class"))) {
      return ModuleDescriptor.read(in);
    }
  }

  private static Map<String, Set<String>> services(Path classes) throws IOException {
    Path folder = classes.resolve("META-INF").resolve("services");
    if (!Files.exists(folder)) {
      return Map.of();
    }
    Map<String, Set<String>> services = new HashMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Set<String> lines =
            Files.readAllLines(file).stream()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.toSet());
        services.put(file.getFileName().toString(), lines);
      }
    }
    return services;
  }
}
