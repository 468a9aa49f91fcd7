// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How this JVM was started, so that others can be started likewise. */
public final class JavaCommand {
  private static final List<String> KEPT =
      List.of("--enable-native-access=", "-XX:TieredStopAtLevel=");

  private JavaCommand() {}

  /**
   * Returns the command line of this process up to its main class, with the JVM's options. Where
   * that can't be read, or the main class is another (in a test, in another program), it is made
   * from the JVM's properties, and of the options only those stay that allow native code, or keep
   * the JVM from compiling at length.
   *
   * @param main the main class
   */
  public static List<String> of(Class<?> main) {
    Module module = main.getModule();
    String name = (module.isNamed() ? module.getName() + "/" : "") + main.getName();
    ProcessHandle.Info info = ProcessHandle.current().info();
    List<String> arguments = arguments(info);
    int end = arguments.indexOf(name) + 1;
    List<String> command = new ArrayList<>(List.of(java(info)));
    if (end > 0) {
      command.addAll(arguments.subList(0, end));
      return command;
    }
    arguments.stream()
        .filter(argument -> KEPT.stream().anyMatch(argument::startsWith))
        .forEach(command::add);
    command.addAll(
        module.isNamed()
            ? List.of("--module-path", System.getProperty("jdk.module.path"), "-m", name)
            : List.of("-cp", System.getProperty("java.class.path"), name));
    return command;
  }

  /** Asks Linux itself: the JDK knows no command line of more than a page. */
  private static List<String> arguments(ProcessHandle.Info info) {
    try {
      Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
      String line = new String(Files.readAllBytes(Path.of("/proc/self/cmdline")), charset);
      return List.of(line.split("\0", -1))
          .subList(1, (int) line.chars().filter(c -> c == 0).count());
    } catch (IOException | IllegalArgumentException e) {
      return List.of(info.arguments().orElse(new String[0]));
    }
  }

  private static String java(ProcessHandle.Info info) {
    return info.command()
        .orElseGet(() -> Path.of(System.getProperty("java.home"), "bin", "java").toString());
  }
}
