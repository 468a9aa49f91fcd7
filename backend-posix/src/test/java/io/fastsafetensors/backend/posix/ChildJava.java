// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Runs a test's main class in a process of its own, on module path or class path as here. */
public final class ChildJava {
  private final String before;
  private final List<String> options;
  private final List<String> through = new ArrayList<>();

  /**
   * Prepares a process.
   *
   * @param before a shell command that goes before, such as {@code ulimit -n 64}
   * @param options options of the JVM
   */
  public ChildJava(String before, String... options) {
    this.before = before;
    this.options = List.of(options);
  }

  /** Lets another command start the JVM, such as one that changes the user. */
  public ChildJava through(List<String> command) {
    through.addAll(command);
    return this;
  }

  /** Names this code to the option {@code --enable-native-access}. */
  public static String module() {
    Module module = ChildJava.class.getModule();
    return module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /** Runs a main class; returns what it printed. */
  public String run(Path scratch, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> java = new ArrayList<>(through);
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // starts sooner
    java.addAll(options);
    java.addAll(classes(main));
    java.addAll(List.of(arguments));
    String quoted = String.join(" ", java.stream().map(word -> "'" + word + "'").toList());
    Path output = Files.createTempFile(scratch, "out", ".txt");
    Process process =
        new ProcessBuilder("bash", "-c", before + "; exec " + quoted)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();
    String printed = Files.readString(output);
    assertThat(ended).as(printed).isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }

  private static List<String> classes(Class<?> main) {
    Module module = main.getModule();
    List<String> path = new ArrayList<>();
    path.addAll(List.of("-p", System.getProperty("jdk.module.path", "")));
    path.addAll(List.of("-cp", System.getProperty("java.class.path")));
    if (!module.isNamed()) {
      path.addAll(List.of("--add-modules", "io.fastsafetensors", main.getName()));
      return path;
    }
    String name = module.getName();
    String tests = Path.of("target", "test-classes").toAbsolutePath().toString();
    path.addAll(List.of("--patch-module", name + "=" + tests));
    path.addAll(List.of("--add-modules", "ALL-MODULE-PATH"));
    path.addAll(List.of("--add-reads", name + "=" + readBy(module) + ",ALL-UNNAMED"));
    path.addAll(List.of("-m", name + "/" + main.getName()));
    return path;
  }

  /** Names the modules that tests see, which the module itself need not. */
  private static String readBy(Module module) {
    return module.getLayer().modules().stream()
        .filter(module::canRead)
        .map(Module::getName)
        .collect(Collectors.joining(","));
  }
}
