// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.collective.nccl.process.RankProgram;
import io.fastsafetensors.testkit.LoopbackWorld;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Processes of {@link RankProgram}, with our modules on the module path as users have them. */
final class RankProcesses implements AutoCloseable {
  private static final int LIMIT_SECONDS = 60;

  private static final Pattern MODULES =
      Pattern.compile("classes$|(jackson|jcuda|javacpp|cuda|jspecify|-api)[^/]*\\.jar$");

  private final List<Process> processes = new ArrayList<>();

  /** Starts a process whose dynamic loader looks in these folders, too. */
  Process start(List<Path> folders, Map<String, String> environment, String... arguments)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command(arguments)).redirectErrorStream(true);
    builder
        .environment()
        .put(
            "LD_LIBRARY_PATH",
            folders.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    builder.environment().put("FST_SIM_DEVICES", "8");
    builder.environment().putAll(environment);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** Starts all ranks of a group on simulated libraries. */
  void startGroup(int size, Path driver, Path nccl, String... arguments) throws IOException {
    String port = Integer.toString(LoopbackWorld.freePort());
    for (int rank = 0; rank < size; rank++) {
      start(
          List.of(driver, nccl),
          Map.of(
              "RANK",
              Integer.toString(rank),
              "LOCAL_RANK",
              Integer.toString(rank),
              "WORLD_SIZE",
              Integer.toString(size),
              "MASTER_ADDR",
              "127.0.0.1",
              "MASTER_PORT",
              port,
              "FST_COLLECTIVE",
              "nccl",
              "FST_GROUP_TIMEOUT",
              "10"),
          arguments);
    }
  }

  private static List<String> command(String... arguments) {
    Path classes = Path.of("target", "test-classes").toAbsolutePath();
    // No --add-modules for JavaCPP's natives: that is what users would forget.
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=jcuda,io.fastsafetensors.device.cuda",
                "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda",
                "--add-modules=io.fastsafetensors.device.cuda,io.fastsafetensors.collective.nccl",
                "--module-path",
                modulePath(),
                "-cp",
                classes.toString(),
                RankProgram.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Surefire puts some on the class path. */
  private static String modulePath() {
    return Stream.of("java.class.path", "jdk.module.path")
        .flatMap(name -> Stream.of(System.getProperty(name, "").split(File.pathSeparator)))
        .filter(entry -> !entry.isEmpty() && !entry.endsWith("test-classes"))
        .filter(entry -> MODULES.matcher(entry).find())
        .filter(entry -> !entry.endsWith("-tests.jar"))
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  List<Process> all() {
    return processes;
  }

  /** Waits for its end; returns what it printed. */
  static List<String> ended(Process process) throws IOException, InterruptedException {
    try (BufferedReader lines = process.inputReader()) {
      List<String> printed = lines.readAllLines();
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("%s", printed).isTrue();
      return printed;
    }
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
  }
}
