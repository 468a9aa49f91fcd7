// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.launch.JavaCommand;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Plug-ins that the user adds. They are found when a JVM boots, so that this one can't take them
 * up: another is started as this one was, with more on its paths.
 */
final class PluginPaths {
  /** Tells a JVM which paths it was started with; ranks of a launch get it with all options. */
  private static final String ADDED = "fst.added";

  private static final String MODULE_PATH = "--module-path";

  /** How long the other JVM may take to end after it was told to, in seconds. */
  private static final long GRACE_SECONDS = 15;

  @Option(
      names = {"-p", MODULE_PATH},
      scope = ScopeType.INHERIT,
      paramLabel = "PATH",
      description = "Jars, or folders of jars, with plug-ins to add to the module path.")
  private String modulePath = "";

  @Option(
      names = {"-cp", "--class-path"},
      scope = ScopeType.INHERIT,
      paramLabel = "PATH",
      description = "Jars with plug-ins that have no module descriptor.")
  private String classPath = "";

  /** Tells whether this JVM lacks what was asked for. */
  boolean areMissing() {
    return !(modulePath.isEmpty() && classPath.isEmpty())
        && !added().equals(System.getProperty(ADDED));
  }

  private String added() {
    return modulePath + "|" + classPath;
  }

  /** Returns the first option and entry that isn't there: the JVM itself passes over it. */
  Optional<String> missing() {
    return Stream.of(missing(MODULE_PATH, modulePath), missing("--class-path", classPath))
        .flatMap(entry -> entry)
        .findFirst();
  }

  private static Stream<String> missing(String option, String path) {
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(entry -> !entry.isEmpty() && !Files.exists(Path.of(withoutStar(entry))))
        .map(entry -> option + " " + entry);
  }

  /** Says which of the jars have a plug-in that can't be found. */
  Stream<String> unoffered() {
    return Stream.concat(
        UnofferedPlugins.ofModulePath(modulePath), UnofferedPlugins.ofClassPath(classPath));
  }

  /** A class path may say "all jars of a folder". */
  static String withoutStar(String entry) {
    return entry.endsWith("/*") ? entry.substring(0, entry.length() - 2) : entry;
  }

  /**
   * Returns the command line of a JVM with these paths, up to its main class.
   *
   * @param more what else its module path gets
   */
  List<String> jvm(String... more) throws IOException {
    List<String> command = new ArrayList<>(JavaCommand.of(Main.class));
    int path = command.indexOf(MODULE_PATH) + 1;
    if (path == 0) {
      throw new IOException(
          "plug-ins can't be added to a command on the class path: start it by ./fst");
    }
    List<String> paths = new ArrayList<>(List.of(command.get(path)));
    paths.addAll(List.of(more));
    paths.add(modulePath);
    paths.removeIf(String::isEmpty);
    command.set(path, String.join(File.pathSeparator, paths));
    List<String> options = new ArrayList<>(command.subList(0, command.lastIndexOf("-m")));
    options.removeIf(option -> option.startsWith("-XX:AOT"));
    if (!classPath.isEmpty()) {
      // What is on the class path may use any module of the JDK, without saying so.
      options.addAll(List.of("--class-path", classPath, "--add-modules", "ALL-DEFAULT"));
    }
    return options;
  }

  /** Runs this command anew, in a JVM with these paths. */
  int restart(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = jvm();
    command.add("-D" + ADDED + "=" + added());
    command.addAll(List.of("-m", Main.class.getModule().getName() + "/" + Main.class.getName()));
    command.addAll(arguments);
    return run(command);
  }

  /** Runs a command on this process's terminal until it ends; returns its exit status. */
  static int run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).inheritIO().start();
    Thread hook = new Thread(() -> stop(process), "stop-other-jvm");
    Runtime.getRuntime().addShutdownHook(hook);
    int status = process.waitFor();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This process is told to end, and the hook is at work.
    }
    return status;
  }

  private static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
