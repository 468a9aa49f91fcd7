// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Ends a rank whose launcher is gone, even one that was killed and could not stop its ranks. A
 * launcher that nobody waits for stays as a zombie, which counts as gone.
 */
public final class LauncherWatch {
  static final String LAUNCHER_PID = "FST_LAUNCHER_PID";

  private static final String TORCHRUN = "TORCHELASTIC_RUN_ID";
  private static final Duration INTERVAL = Duration.ofMillis(500);
  private static final int LAUNCHER_LOST = 143;
  private static final String ENDED = "ZX";

  private LauncherWatch() {}

  /** Watches the launcher, if this process has one that can leave it behind. */
  public static void start() {
    String pid = System.getenv(LAUNCHER_PID);
    Optional<ProcessHandle> launcher = Optional.empty();
    if (pid != null) {
      launcher = ProcessHandle.of(Long.parseLong(pid));
      if (launcher.isEmpty()) {
        end();
      }
    } else if (System.getenv(TORCHRUN) != null) {
      launcher = ProcessHandle.current().parent();
    }
    launcher.ifPresent(LauncherWatch::endWith);
  }

  private static void endWith(ProcessHandle launcher) {
    Thread.ofPlatform().daemon().name("launcher-watch").start(() -> watch(launcher));
  }

  private static void watch(ProcessHandle launcher) {
    try {
      while (launcher.isAlive() && !isZombie(launcher.pid())) {
        Thread.sleep(INTERVAL);
      }
      end();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks at the state in Linux' list of processes; elsewhere there is none, and no zombie. */
  private static boolean isZombie(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      // The name before the state is in brackets, and may hold any character.
      return ENDED.indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static void end() {
    Runtime.getRuntime().halt(LAUNCHER_LOST);
  }
}
