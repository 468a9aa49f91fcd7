// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command of an example, for its tests. */
public final class RunScript {
  private static final long LIMIT_MINUTES = 4;

  private RunScript() {}

  /** Runs it in the example's folder, as it is built; returns what it printed. */
  public static String run(Path temporary, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("./run", "--built"));
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile(temporary, "output", null);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
      String text = Files.readString(output);
      if (!ended || process.exitValue() != 0) {
        throw new AssertionError(command + (ended ? " failed: " : " doesn't end: ") + text);
      }
      return text;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
