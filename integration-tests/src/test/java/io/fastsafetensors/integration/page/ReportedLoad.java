// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The command in a process of its own, and files for it. */
final class ReportedLoad {
  private static final String CLI = "io.fastsafetensors.cli.Main";

  private ReportedLoad() {}

  /** How a command has ended. */
  record Ended(int exit, String output) {}

  /** Runs the command in a process of its own. */
  static Ended fst(Path folder, Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            CLI));
    List.of(arguments).forEach(argument -> command.add(argument.toString()));
    Path output = Files.createTempFile(folder, "output", null);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(Files.createTempFile(folder, "errors", null).toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s has ended", command).isTrue();
      return new Ended(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Writes a file of eight tensors into the folder {@code m}. */
  static Path write(Path folder, String name, int kilobytes) throws IOException {
    Path file = folder.resolve("m").resolve(name);
    Files.createDirectories(file.getParent());
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = 0; i < 8; i++) {
        writer.add(name + i, DType.F16, Shape.of(kilobytes, 64), arena.allocate(128L * kilobytes));
      }
      writer.write(file);
    }
    return file;
  }

  /** Adds up the bytes by way of all files that {@code --json} has printed. */
  static long pathSum(String json) {
    return Pattern.compile("\"bytes_by_path\":\\{([^}]*)}")
        .matcher(json)
        .results()
        .flatMap(paths -> Pattern.compile("\\d+").matcher(paths.group(1)).results())
        .mapToLong(number -> Long.parseLong(number.group()))
        .sum();
  }
}
