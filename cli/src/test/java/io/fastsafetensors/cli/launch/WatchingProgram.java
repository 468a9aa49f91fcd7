// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import java.time.Duration;

/** A rank that prints its process id and sleeps, for tests that end its launcher. */
final class WatchingProgram {
  private WatchingProgram() {}

  public static void main(String[] arguments) throws Exception {
    LauncherWatch.start();
    System.out.println(ProcessHandle.current().pid());
    Thread.sleep(Duration.ofMinutes(5));
  }
}
