// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A jar of one of our modules, as the build made it.
 *
 * @param reference what the jar says of itself
 */
record ModuleJar(ModuleReference reference) {
  private static final String DLPACK = "interop-dlpack";

  /** Finds those of the command's distribution, and those that are no part of it. */
  static List<ModuleJar> all() throws IOException {
    return ModuleFinder.of(Distribution.LIB, Distribution.TESTKIT, Distribution.jar(DLPACK))
        .findAll()
        .stream()
        .filter(reference -> reference.descriptor().name().startsWith("io.fastsafetensors"))
        .map(ModuleJar::new)
        .sorted(Comparator.comparing(ModuleJar::name))
        .toList();
  }

  String name() {
    return reference.descriptor().name();
  }

  /**
   * Returns what {@code jar --describe-module} says, without the version and the place, and without
   * packages that are nobody's business.
   */
  List<String> description() {
    return tool("jar", "--describe-module", "--file", jar().toString()).stream()
        .map(line -> line.replaceFirst("@\\S+ jar:file:\\S+", ""))
        .filter(line -> !line.isBlank() && !line.startsWith("contains "))
        .toList();
  }

  /** Returns what {@code javap} says of the exported packages' public classes, in a fixed order. */
  List<String> signatures() throws IOException {
    List<String> classes = exportedClasses();
    if (classes.isEmpty()) {
      return List.of();
    }
    List<String> arguments =
        new ArrayList<>(List.of("-protected", "--module-path", Distribution.LIB.toString()));
    arguments.addAll(List.of("-cp", jar().toString()));
    arguments.addAll(classes);
    return String.join("\n", tool("javap", arguments.toArray(String[]::new)))
        .lines()
        .filter(line -> !line.startsWith("Compiled from"))
        .collect(Collectors.collectingAndThen(Collectors.joining("\n"), ModuleJar::ordered));
  }

  /** Members in any order of the source are the same promise. */
  private static List<String> ordered(String text) {
    return Arrays.stream(text.split("(?m)^}\n?"))
        .map(String::strip)
        .filter(type -> type.startsWith("public "))
        .sorted()
        .flatMap(ModuleJar::members)
        .toList();
  }

  private static Stream<String> members(String type) {
    List<String> lines = type.lines().toList();
    return Stream.concat(
        lines.stream().limit(1), lines.stream().skip(1).map(String::stripTrailing).sorted());
  }

  private List<String> exportedClasses() throws IOException {
    Set<String> exported =
        reference.descriptor().exports().stream()
            .filter(exports -> !exports.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
    try (ModuleReader reader = reference.open();
        Stream<String> files = reader.list()) {
      return files
          .filter(file -> file.endsWith(".class") && file.contains("/"))
          .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.'))
          .filter(name -> exported.contains(name.substring(0, name.lastIndexOf('.'))))
          .filter(name -> !name.endsWith("package-info"))
          .sorted()
          .toList();
    }
  }

  private Path jar() {
    return Path.of(URI.create(reference.location().orElseThrow().toString()));
  }

  private static List<String> tool(String name, String... arguments) {
    StringWriter out = new StringWriter();
    PrintWriter writer = new PrintWriter(out);
    int status = ToolProvider.findFirst(name).orElseThrow().run(writer, writer, arguments);
    writer.flush();
    assertThat(status).as("%s %s: %s", name, List.of(arguments), out).isZero();
    return out.toString().lines().toList();
  }

  @Override
  public String toString() {
    return name();
  }
}
