// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times what it costs that each of several ranks gets its part of every tensor, in processes on one
 * host.
 */
@Command(name = "parts", mixinStandardHelpOptions = true, showDefaultValues = true)
final class PartsComparison implements Callable<Integer> {
  private static final long GIB = 1L << 30;
  private static final int SIDE = 4096;
  private static final int SMALL_SIDE = 64;
  private static final long SMALL_BYTES = 512 << 10;

  @Mixin private Turns turns = new Turns();

  @Option(names = "--gib", defaultValue = "2", description = "the size of all files")
  private int gib;

  @Option(names = "--files", defaultValue = "4", description = "how many files")
  private int files;

  @Option(names = "--ranks", defaultValue = "2", description = "how many ranks")
  private int ranks;

  @Option(names = "--wants", split = ",", description = "of every tensor: ${COMPLETION-CANDIDATES}")
  private Set<PartsWant> wants = EnumSet.allOf(PartsWant.class);

  @Option(
      names = "--sample",
      defaultValue = "0",
      description = "looks at kinds of memory each so many milliseconds, which costs some time")
  private int sampleMillis;

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new PartsComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<String> options = sampleMillis == 0 ? List.of() : List.of(Integer.toString(sampleMillis));
    try (PartsCheckpoint small =
            PartsCheckpoint.make(turns.parent(), files, SMALL_BYTES, SMALL_SIDE);
        PartsCheckpoint checkpoint = PartsCheckpoint.make(turns.parent(), files, gib * GIB, SIDE)) {
      turns.compare(
          RankGroup.startAll(ranks, PartsWays.class, options, "ranks."),
          wants.stream().map(PartsWant::name).toList(),
          small.folder(),
          checkpoint.folder());
    }
    return 0;
  }
}
