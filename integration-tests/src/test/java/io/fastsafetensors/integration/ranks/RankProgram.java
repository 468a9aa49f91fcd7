// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.integration.parts.Leftovers;
import io.fastsafetensors.integration.parts.PartProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A rank: joins the group that its environment tells of, and does what its arguments say. It ends
 * with status 1 when a call of the group fails, and prints how.
 */
final class RankProgram {
  private static long ownBytes;

  private RankProgram() {}

  private interface Work {
    void run(ProcessGroup group) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    int status = run(work(arguments));
    if (List.of("halt", "fault").contains(arguments[0])) {
      Leftovers.after(Path.of(arguments[1]), ownBytes).forEach(held -> print("left " + held));
    }
    System.exit(status);
  }

  /** Works, in a method of its own: what it leaves in variables is no leftover. */
  private static int run(Work work) throws Exception {
    try (ProcessGroup group = ProcessGroup.fromEnvironment()) {
      print("found " + group);
      countOwnBytes();
      work.run(group);
      print("ended well");
      return 0;
    } catch (CollectiveException e) {
      print("lost peer " + e.peer());
      print("error " + e.getMessage());
      return 1;
    }
  }

  /** What is more in the end is left. */
  static void countOwnBytes() throws IOException {
    ownBytes = Leftovers.ownBytes();
  }

  private static Work work(String... arguments) {
    return switch (arguments[0]) {
      case "broadcast" ->
          new Broadcast(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]))::run;
      case "shards" -> new Shards(Path.of(arguments[1]))::check;
      case "disagree" -> new Disagreements(Path.of(arguments[1]))::run;
      case "parts" -> group -> PartProgram.check(Path.of(arguments[1]), group);
      case "halt" ->
          new HaltedLoad(
                  Path.of(arguments[1]),
                  Distribution.valueOf(arguments[2]),
                  Integer.parseInt(arguments[3]),
                  HaltedLoad.Moment.valueOf(arguments[4]))
              ::run;
      case "save" ->
          new HaltedSave(
                  Path.of(arguments[1]),
                  Integer.parseInt(arguments[2]),
                  HaltedSave.Moment.valueOf(arguments[3]))
              ::run;
      case "saves" -> new RepeatedSaves(Path.of(arguments[1]), Integer.parseInt(arguments[2]))::run;
      case "set" -> new SavedByRanks(Path.of(arguments[1]))::run;
      case "fault" ->
          new FaultyLoad(
                  Path.of(arguments[1]),
                  Integer.parseInt(arguments[2]),
                  AccessPath.valueOf(arguments[3]))
              ::run;
      default -> throw new IllegalArgumentException(arguments[0]);
    };
  }

  static void print(String line) {
    System.out.println(line);
  }

  /** Says where it is, and waits until the test lets it go on. */
  static void pause(String line) throws IOException {
    print(line);
    int read = 0;
    while (read != '\n') {
      read = System.in.read();
      if (read < 0) {
        throw new IOException("the test has ended");
      }
    }
  }
}
