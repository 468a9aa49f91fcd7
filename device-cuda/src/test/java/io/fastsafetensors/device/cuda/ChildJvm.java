// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM of its own for {@link ProbeProgram}. */
final class ChildJvm {
  /** Where the JVM finds classes. */
  enum Classes {
    CLASS_PATH,
    MODULE_PATH
  }

  private static final String MODULE = "io.fastsafetensors.device.cuda";
  private static final String POSIX = "io.fastsafetensors.backend.posix";
  private static final String TESTS = "test-classes";

  private final Path scratch;
  private final Classes classes;
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();

  ChildJvm(Path scratch, Classes classes) {
    this.scratch = scratch;
    this.classes = classes;
    String allowed = classes == Classes.CLASS_PATH ? "ALL-UNNAMED" : MODULE + ",jcuda," + POSIX;
    options.add("--enable-native-access=" + allowed);
    options.add("-Djava.io.tmpdir=" + scratch);
  }

  ChildJvm option(String option) {
    options.add(option);
    return this;
  }

  /** Denies native access to all modules. */
  ChildJvm denied() {
    options.removeIf(option -> option.startsWith("--enable-native-access"));
    return option("--illegal-native-access=deny");
  }

  /** Has the dynamic linker look into a folder first. */
  ChildJvm libraries(Path folder) {
    return environment("LD_LIBRARY_PATH", folder.toString());
  }

  ChildJvm environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Process start(Path output, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // starts sooner
    command.addAll(options);
    command.addAll(program());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }

  /** Runs the program to its end; returns what it printed. */
  String run(String... arguments) throws IOException, InterruptedException {
    Path output = Files.createTempFile(scratch, "out", ".txt");
    return result(start(output, arguments), output);
  }

  static String result(Process process, Path output) throws IOException, InterruptedException {
    boolean ended = process.waitFor(1, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Files.readString(output);
    assertThat(ended).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }

  private List<String> program() {
    String main = ProbeProgram.class.getName();
    String jars = path(entry -> !entry.contains(TESTS));
    String tests = path(entry -> entry.contains(TESTS));
    return classes == Classes.CLASS_PATH
        ? List.of("-cp", jars + ":" + tests, main)
        : List.of("-p", jars, "--patch-module", MODULE + "=" + tests, "-m", MODULE + "/" + main);
  }

  /** Joins what this JVM's classes come from; other modules' tests and JUnit stay away. */
  private static String path(Predicate<String> wanted) {
    String patched = Path.of("target", TESTS).toAbsolutePath().toString();
    return Stream.of(
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path"),
            patched)
        .flatMap(paths -> Arrays.stream(paths.split(":", -1)))
        .filter(entry -> !entry.isEmpty() && wanted.test(entry))
        .filter(entry -> entry.matches(".*(jcuda|jackson-core|fastsafetensors|/target/).*"))
        .filter(entry -> !entry.contains("testkit"))
        .distinct()
        .collect(Collectors.joining(":"));
  }
}
