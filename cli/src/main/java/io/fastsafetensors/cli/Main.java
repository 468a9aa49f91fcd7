// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Starts the command {@code fst}. */
@Command(
    name = "fst",
    mixinStandardHelpOptions = true,
    version = "fst 0.1.0-SNAPSHOT",
    description = "Loads, checks and describes safetensors files.")
public final class Main implements Runnable {
  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main());
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
