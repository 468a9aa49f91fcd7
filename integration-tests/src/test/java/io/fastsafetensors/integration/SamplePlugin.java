// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  /** Compiles it with something in its sources replaced, and packs it. */
  Path jar(Path folder, String wanted, String instead) throws IOException {
    Path sources = Files.createTempDirectory(folder, "sources");
    Path classes = Files.createTempDirectory(folder, "classes");
    boolean replaced = false;
    for (Path source : sources()) {
      Path copy = sources.resolve(root.resolve("java").relativize(source).toString());
      Files.createDirectories(copy.getParent());
      String text = Files.readString(source);
      replaced |= text.contains(wanted);
      Files.writeString(copy, text.replace(wanted, instead));
    }
    assertThat(replaced).as("%s has '%s'", root, wanted).isTrue();
    Javac.compile(classes, under(sources), "--module-path", Distribution.compilePath());
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
                root.resolve("resources").toString(),
                ".");
    assertThat(status).isZero();
    return jar;
  }

  Path jar(Path folder) throws IOException {
    return jar(folder, "", "");
  }

  List<Path> sources() throws IOException {
    return under(root.resolve("java"));
  }

  private static List<Path> under(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
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
