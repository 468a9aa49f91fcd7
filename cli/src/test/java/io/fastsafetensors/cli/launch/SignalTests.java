// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.spi.Deadline;
import java.io.BufferedReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends launchers from outside: their ranks must end too. */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SignalTests {
  private static final Path SHELL = Path.of("/bin/sh");

  /** The JVM heeds no signal that was ignored when it started, as in the background of a shell. */
  private static final List<String> HEEDING_SIGNALS =
      List.of("env", "--default-signal=TERM,INT,HUP");

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalToTheLauncherEndsTheRanks(String signal) throws Exception {
    assumeTrue(Files.isExecutable(SHELL), () -> "needs " + SHELL);
    assumeTrue(knowsDefaultSignals(), "needs the env of GNU coreutils 8.31 or later");
    List<ProcessHandle> ranks =
        ranksAfter(signal, List.of(SHELL.toString(), "-c", "echo $$; exec sleep 300"));
    assertThat(ranks).hasSize(2).noneMatch(ProcessHandle::isAlive);
  }

  @Test
  void ranksEndWhenTheLauncherIsKilled() throws Exception {
    List<ProcessHandle> ranks = ranksAfter("KILL", java(WatchingProgram.class));
    assertThat(ranks).hasSize(2);
    for (ProcessHandle rank : ranks) {
      rank.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void ranksEndWhenNobodyWaitsForTheKilledLauncher() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs /proc, to see a zombie");
    // The shell becomes a program that waits for no child: the launcher stays as a zombie.
    String script = "\"$@\" & exec sleep 300";
    List<String> command = new ArrayList<>(List.of(SHELL.toString(), "-c", script, "sh"));
    command.addAll(java(LaunchingProgram.class));
    command.addAll(java(WatchingProgram.class));
    Process parent = new ProcessBuilder(command).start();
    try (BufferedReader lines = parent.inputReader()) {
      List<ProcessHandle> ranks = List.of(handle(lines.readLine()), handle(lines.readLine()));
      ProcessHandle launcher = ranks.getFirst().parent().orElseThrow();
      launcher.destroyForcibly();
      for (ProcessHandle rank : ranks) {
        rank.onExit().get(60, TimeUnit.SECONDS);
      }
      assertThat(Files.readString(Path.of("/proc", "" + launcher.pid(), "stat"))).contains(") Z ");
    } finally {
      parent.descendants().forEach(ProcessHandle::destroyForcibly);
      parent.destroyForcibly();
    }
  }

  private static ProcessHandle handle(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  /** Launches ranks that print their process ids, sends the launcher a signal, and waits for it. */
  private static List<ProcessHandle> ranksAfter(String signal, List<String> rank) throws Exception {
    List<String> command = new ArrayList<>(signal.equals("KILL") ? List.of() : HEEDING_SIGNALS);
    command.addAll(java(LaunchingProgram.class));
    command.addAll(rank);
    Process launcher = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader lines = launcher.inputReader()) {
      List<ProcessHandle> ranks = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        ranks.add(handle(lines.readLine()));
      }
      String pid = Long.toString(launcher.pid());
      assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
      assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return ranks;
    } finally {
      launcher.destroyForcibly();
    }
  }

  private static boolean knowsDefaultSignals() throws Exception {
    List<String> command = new ArrayList<>(HEEDING_SIGNALS);
    command.add("true");
    return new ProcessBuilder(command).start().waitFor() == 0;
  }

  private static List<String> java(Class<?> program) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = root(LocalRanks.class) + ":" + root(Deadline.class) + ":" + root(program);
    return List.of(java, "-cp", classes, program.getName());
  }

  /** Returns the folder or jar that a class was loaded from, also where tests patch a module. */
  private static String root(Class<?> type) throws Exception {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    URI uri = type.getResource(file).toURI();
    boolean inJar = uri.getScheme().equals("jar");
    String path = inJar ? URI.create(uri.getRawSchemeSpecificPart()).getPath() : uri.getPath();
    return path.substring(0, path.length() - file.length() - (inJar ? 1 : 0));
  }
}
