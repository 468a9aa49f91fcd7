// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program in the README, or in a page of {@code docs}.
 *
 * @param name of its class
 * @param source its text
 */
record ReadmeProgram(String name, String source) {
  static ReadmeProgram named(String name) throws IOException {
    return new ReadmeProgram(
        name, Readme.block("java", block -> block.contains("public class " + name + " ")));
  }

  /** Writes the files that the example loads. */
  static void writeSamples(Path folder) throws IOException {
    for (String name : List.of("a", "b")) {
      try (Arena arena = Arena.ofConfined()) {
        new SafetensorsWriter()
            .add(name + "0", DType.F16, Shape.of(16, 8), arena.allocate(256))
            .write(folder.resolve(name + ".safetensors"));
      }
    }
  }

  /** Compiles it, runs it on a module path, in a folder with samples. */
  Jvm run(Path folder, String modulePath, String... options)
      throws IOException, InterruptedException {
    Path file = folder.resolve(name + ".java");
    Files.writeString(file, source);
    String all = "ALL-MODULE-PATH";
    List<String> strict = new ArrayList<>(List.of(Javac.STRICT));
    strict.addAll(List.of("--module-path", modulePath, "--add-modules", all));
    Javac.compile(folder, List.of(file), strict.toArray(String[]::new));
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(
        List.of(
            "--module-path",
            modulePath,
            "--add-modules",
            all,
            "-cp",
            folder.toString(),
            name,
            folder.toString()));
    return Jvm.run(folder, arguments);
  }
}
