// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import io.fastsafetensors.cli.launch.LocalRanks.RankOutput;
import java.util.List;

/** A program that launches two ranks of the command it is given, for tests that end it. */
final class LaunchingProgram {
  private LaunchingProgram() {}

  public static void main(String[] command) throws Exception {
    GroupPlan plan = GroupPlan.local(2, "secret");
    RankOutput print = (rank, line) -> System.out.println(line);
    try (LocalRanks launcher = LocalRanks.start(List.of(command), plan, print, print)) {
      System.exit(launcher.await().isEmpty() ? 0 : 1);
    }
  }
}
