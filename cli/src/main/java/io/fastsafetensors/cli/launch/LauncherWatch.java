// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

/** Ends a rank whose launcher is gone, even one that was killed and could not stop its ranks. */
public final class LauncherWatch {
  static final String LAUNCHER_PID = "FST_LAUNCHER_PID";

  private static final int LAUNCHER_LOST = 143;

  private LauncherWatch() {}

  /** Watches the launcher, if this process has one. */
  public static void start() {
    String pid = System.getenv(LAUNCHER_PID);
    if (pid != null) {
      ProcessHandle.of(Long.parseLong(pid))
          .ifPresentOrElse(LauncherWatch::endWith, LauncherWatch::end);
    }
  }

  private static void endWith(ProcessHandle launcher) {
    var _ = launcher.onExit().thenRun(LauncherWatch::end);
  }

  private static void end() {
    Runtime.getRuntime().halt(LAUNCHER_LOST);
  }
}
