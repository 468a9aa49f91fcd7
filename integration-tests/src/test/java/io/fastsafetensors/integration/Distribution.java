// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The jars as they are handed out, and the command {@code fst} run from them. */
final class Distribution {
  /** The command's jars: its whole module path. */
  static final Path LIB =
      Path.of("..", "cli", "target", "dist", "lib").toAbsolutePath().normalize();

  /** The testkit's jars, apart from those. */
  static final Path TESTKIT = LIB.resolveSibling("testkit");

  private Distribution() {}

  /** Returns the jar of a module that is not part of the distribution. */
  static Path jar(String module) throws IOException {
    Path target = Path.of("..", module, "target").toAbsolutePath().normalize();
    try (Stream<Path> files = Files.list(target)) {
      return files
          .filter(file ->
              file.getFileName()
                  .toString()
                  .matches("fastsafetensors-" + module + "-[^-]+(-SNAPSHOT)?\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  /** Returns the module path of some of our modules, by folder, and what they need from others. */
  static String jars(String... modules) throws IOException {
    List<Path> jars = jars(name -> name.startsWith("jackson-core"));
    for (String module : modules) {
      List<Path> own = jars(isOf(module));
      assertThat(own).as("jars of %s", module).hasSize(1);
      jars.addAll(own);
    }
    return jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  /** Tells whether one of our modules, by folder, is in it. */
  static boolean has(String module) throws IOException {
    return !jars(isOf(module)).isEmpty();
  }

  private static Predicate<String> isOf(String module) {
    return name -> name.startsWith("fastsafetensors-" + module + "-0");
  }

  private static List<Path> jars(Predicate<String> wanted) throws IOException {
    return jars(LIB, wanted);
  }

  private static List<Path> jars(Path folder, Predicate<String> wanted) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(jar -> wanted.test(jar.getFileName().toString()))
          .collect(Collectors.toCollection(ArrayList::new));
    }
  }

  /** Returns the module path that what depends on the API is compiled with. */
  static String compilePath() throws IOException {
    List<Path> annotations = jars(TESTKIT, name -> name.startsWith("jspecify-"));
    assertThat(annotations).hasSize(1);
    return jars("api") + File.pathSeparator + annotations.getFirst();
  }

  /** Runs the command with options of the JVM, and arguments. */
  static Jvm fst(Path folder, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    return fst(folder, Map.of(), options, arguments);
  }

  /** Runs the command with more environment variables. */
  static Jvm fst(
      Path folder, Map<String, String> environment, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(StartCache.options(command(LIB)));
    command.addAll(arguments(LIB, options, arguments));
    return Jvm.run(folder, environment, command);
  }

  /** Runs the command from other jars. */
  static Jvm fst(Path lib, Path folder, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    return Jvm.run(folder, arguments(lib, options, arguments));
  }

  /** Runs the command in a shell, after another command such as {@code ulimit -n 40}. */
  static Jvm fstAfter(Path folder, String before, String... arguments)
      throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> shell = new ArrayList<>(List.of("bash", "-c", before + "; exec \"$@\"", "sh"));
    shell.add(java);
    shell.addAll(Jvm.SHORT);
    shell.addAll(arguments(LIB, List.of(), arguments));
    return Jvm.run(folder, new ProcessBuilder(shell));
  }

  private static List<String> arguments(Path lib, List<String> options, String... arguments)
      throws IOException {
    List<String> all = new ArrayList<>(options);
    all.addAll(command(lib));
    all.addAll(List.of(arguments));
    return all;
  }

  private static List<String> command(Path lib) throws IOException {
    return List.of(
        "--enable-native-access=" + nativeModules(),
        "--module-path",
        lib.toString(),
        "-m",
        "io.fastsafetensors.cli/io.fastsafetensors.cli.Main");
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
