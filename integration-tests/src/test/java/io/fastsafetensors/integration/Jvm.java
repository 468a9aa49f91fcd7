// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A JVM of its own that has ended.
 *
 * @param exit its exit status
 * @param output what it printed, errors too
 */
record Jvm(int exit, String output) {
  /** Options of a JVM that runs for seconds only: it starts sooner. */
  static final List<String> SHORT = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final Pattern HEARTBEAT =
      Pattern.compile("(?m)^(\\[\\d+] )?fst: \\w+: (nothing read yet|.* GB/s, .*\\bleft.*)\\R");

  private static final long LIMIT_MINUTES = 8;

  /** Runs it; what it prints goes through a file in the folder. */
  static Jvm run(Path folder, List<String> arguments) throws IOException, InterruptedException {
    return run(folder, Map.of(), arguments);
  }

  /** Runs it with more environment variables. */
  static Jvm run(Path folder, Map<String, String> environment, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SHORT);
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return run(folder, builder);
  }

  /** Runs a command that becomes one. */
  static Jvm run(Path folder, ProcessBuilder builder) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", null);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
        throw new AssertionError(
            builder.command()
                + " runs for more than "
                + LIMIT_MINUTES
                + " minutes: "
                + Files.readString(output));
      }
      return new Jvm(process.exitValue(), withoutHeartbeats(Files.readString(output)));
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /** Leaves out what a load says every ten seconds, to which a busy machine may come. */
  static String withoutHeartbeats(String output) {
    return HEARTBEAT.matcher(output).replaceAll("");
  }
}
