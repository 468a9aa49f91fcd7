// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.launch.JavaCommand;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The JVM that certifies: started as this one, with the testkit and further plug-ins beside the
 * command's jars. Plug-ins are found when a JVM boots, so this one can't take them up.
 */
final class CertifyProcess {
  private static final String PROGRAM =
      "io.fastsafetensors.testkit/io.fastsafetensors.testkit.certify.Main";
  private static final String MODULE_PATH = "--module-path";

  private CertifyProcess() {}

  /** Runs it on this process's terminal until it ends; returns its exit status. */
  static int run(String modulePath, String classPath, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = jvm(modulePath, classPath);
    command.addAll(List.of("-m", PROGRAM));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).inheritIO().start();
    Thread hook = new Thread(process::destroy, "stop-certify");
    Runtime.getRuntime().addShutdownHook(hook);
    int status = process.waitFor();
    Runtime.getRuntime().removeShutdownHook(hook);
    return status;
  }

  /** This JVM's command line without its main class and its cache, with more on its paths. */
  private static List<String> jvm(String modulePath, String classPath) throws IOException {
    List<String> command = new ArrayList<>(JavaCommand.of(Main.class));
    int path = command.indexOf(MODULE_PATH) + 1;
    if (path == 0) {
      throw new IOException("certify needs the command on the module path: start it by ./fst");
    }
    List<String> paths =
        new ArrayList<>(List.of(command.get(path), testkit().toString(), modulePath));
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

  /** Beside the folder of the command's own jars. */
  private static Path testkit() throws IOException {
    URI here =
        URI.create(Main.class.getProtectionDomain().getCodeSource().getLocation().toString());
    Path testkit = Path.of(here).resolve("../../testkit").normalize();
    if (!Files.isDirectory(testkit)) {
      throw new IOException(testkit + ": no testkit there; build the command by ./fst");
    }
    return testkit;
  }
}
