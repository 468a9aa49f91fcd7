// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The jars as they are handed out, and the command {@code fst} run from them. */
final class Distribution {
  /** The command's jars: its whole module path. */
  static final Path LIB =
      Path.of("..", "cli", "target", "dist", "lib").toAbsolutePath().normalize();

  private Distribution() {}

  /** Returns the module path of some of our modules, by folder, and what they need from others. */
  static String jars(String... modules) throws IOException {
    try (Stream<Path> all = Files.list(LIB)) {
      List<Path> jars =
          all.filter(
                  jar -> {
                    String name = jar.getFileName().toString();
                    return name.startsWith("jackson-core")
                        || Arrays.stream(modules)
                            .anyMatch(
                                module -> name.startsWith("fastsafetensors-" + module + "-0"));
                  })
              .toList();
      assertThat(jars).hasSize(modules.length + 1);
      return jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
  }

  /** Runs the command with options of the JVM, {@code --}, and arguments. */
  static Jvm fst(Path folder, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(options);
    command.addAll(
        List.of(
            "--enable-native-access=" + nativeModules(),
            "--module-path",
            LIB.toString(),
            "-m",
            "io.fastsafetensors.cli/io.fastsafetensors.cli.Main"));
    command.addAll(List.of(arguments));
    return Jvm.run(folder, command);
  }

  /** Returns the modules that the command lets call native code. */
  private static String nativeModules() throws IOException {
    String name = "native_modules=";
    return Files.readAllLines(Path.of("..", "scripts", "lib.sh")).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()))
        .findFirst()
        .orElseThrow();
  }
}
