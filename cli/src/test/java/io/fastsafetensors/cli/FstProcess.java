// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.launch.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the command in a process of its own. */
final class FstProcess {
  private static final long LIMIT_SECONDS = 120;

  private FstProcess() {}

  static Fst run(Path folder, Object... arguments) throws IOException, InterruptedException {
    return run(folder, Map.of(), arguments);
  }

  /** Runs it with more environment variables; output goes through files in the folder. */
  static Fst run(Path folder, Map<String, String> environment, Object... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", null);
    Path err = Files.createTempFile(folder, "err", null);
    ProcessBuilder builder =
        builder(arguments).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError(builder.command() + " runs for more than " + LIMIT_SECONDS + " s");
      }
      return new Fst(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Prepares a process of the command. */
  static ProcessBuilder builder(Object... arguments) {
    List<String> command = new ArrayList<>(JavaCommand.of(Main.class));
    command.addAll(1, List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // starts sooner
    List.of(arguments).forEach(argument -> command.add(argument.toString()));
    return new ProcessBuilder(command);
  }
}
