// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * A plug-in as a stranger writes it: built outside the reactor, against the jars alone.
 *
 * @param root its folder, with {@code java} and {@code resources}
 */
record SamplePlugin(Path root) {
  static SamplePlugin named(String name) {
    return new SamplePlugin(Path.of("src", name));
  }

  /** Compiles it with a change, and packs it. */
  Path jar(Path folder, Mutation mutation) throws IOException {
    return jar(
        folder, mutation.apply(texts()), Distribution.compilePath(), "-Xlint:none", "-nowarn");
  }

  /** Compiles and packs it; a warning is an error. */
  Path jar(Path folder) throws IOException {
    return jar(folder, Distribution.compilePath());
  }

  /** Compiles it on a module path, and packs it; a warning is an error. */
  Path jar(Path folder, String modulePath) throws IOException {
    return jar(folder, texts(), modulePath, Javac.STRICT);
  }

  private Path jar(Path folder, Map<String, String> texts, String modulePath, String... lint)
      throws IOException {
    Path copy = Files.createTempDirectory(folder, "sources");
    for (Map.Entry<String, String> text : texts.entrySet()) {
      Path file = copy.resolve(text.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, text.getValue());
    }
    Path classes = Files.createTempDirectory(folder, "classes");
    List<String> options = new ArrayList<>(List.of(lint));
    options.addAll(List.of("--module-path", modulePath));
    Javac.compile(classes, javaFiles(copy.resolve("java")), options.toArray(String[]::new));
    Path jar = folder.resolve(root.getFileName() + ".jar");
    int status =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "--create",
                "--file=" + jar,
                "-C",
                classes.toString(),
                ".",
                "-C",
                copy.resolve("resources").toString(),
                ".");
    assertThat(status).isZero();
    return jar;
  }

  /** Returns its sources and resources, by their place in its folder. */
  private Map<String, String> texts() throws IOException {
    Map<String, String> texts = new TreeMap<>();
    for (Path file : files(root)) {
      texts.put(root.relativize(file).toString(), Files.readString(file));
    }
    return texts;
  }

  List<Path> sources() throws IOException {
    return javaFiles(root.resolve("java"));
  }

  private static List<Path> javaFiles(Path folder) throws IOException {
    return files(folder).stream().filter(file -> file.toString().endsWith(".java")).toList();
  }

  /** Returns all files in a folder. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** Counts lines of code: no blank lines, comments or imports. */
  long linesOfCode() throws IOException {
    long count = 0;
    for (Path source : sources()) {
      count +=
          Files.readAllLines(source).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.matches("(import |//|/\\*\\*|\\*).*"))
              .count();
    }
    return count;
  }
}
