// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How this JVM was started, so that others can be started likewise. */
public final class JavaCommand {
  private JavaCommand() {}

  /**
   * Returns the command line of this process up to its main class, with the JVM's options. Where
   * that can't be read, or the main class is another, it is made from the JVM's properties, without
   * options.
   *
   * @param main the main class
   */
  public static List<String> of(Class<?> main) {
    String name =
        (main.getModule().isNamed() ? main.getModule().getName() + "/" : "") + main.getName();
    ProcessHandle.Info info = ProcessHandle.current().info();
    List<String> arguments = List.of(info.arguments().orElse(new String[0]));
    int end = arguments.indexOf(name);
    if (info.command().isEmpty() || end < 0) {
      return fromProperties(main, name);
    }
    List<String> command = new ArrayList<>(List.of(info.command().get()));
    command.addAll(arguments.subList(0, end + 1));
    return command;
  }

  private static List<String> fromProperties(Class<?> main, String name) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return main.getModule().isNamed()
        ? List.of(java, "--module-path", System.getProperty("jdk.module.path"), "-m", name)
        : List.of(java, "-cp", System.getProperty("java.class.path"), name);
  }
}
