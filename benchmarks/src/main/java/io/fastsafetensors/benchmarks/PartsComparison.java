// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Times what it costs that each of several ranks gets its part of every tensor, in processes on one
 * host. All ranks begin at the same moment, and the slowest counts. The ways take turns, each round
 * in another order.
 */
@Command(name = "parts", mixinStandardHelpOptions = true, showDefaultValues = true)
final class PartsComparison implements Callable<Integer> {
  private static final long GIB = 1L << 30;
  private static final int SIDE = 4096;
  private static final int SMALL_SIDE = 64;
  private static final long SMALL_BYTES = 512 << 10;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "where the files are made, on the disk to be measured; deleted in the end")
  private Path parent = Path.of("");

  @Parameters(index = "1", paramLabel = "ROUNDS", defaultValue = "5", arity = "0..1")
  private int rounds;

  @Option(names = "--gib", defaultValue = "2", description = "the size of all files")
  private int gib;

  @Option(names = "--files", defaultValue = "4", description = "how many files")
  private int files;

  @Option(names = "--ranks", defaultValue = "2", description = "how many ranks")
  private int ranks;

  @Option(names = "--states", split = ",", description = "of the page cache")
  private Set<CacheState> states = EnumSet.of(CacheState.WARM, CacheState.COLD);

  @Option(names = "--wants", split = ",", description = "of every tensor: ${COMPLETION-CANDIDATES}")
  private Set<PartsWant> wants = EnumSet.allOf(PartsWant.class);

  @Option(names = "--ways", description = "a regular expression for the names of the ways to time")
  private Pattern names = Pattern.compile("");

  @Option(
      names = "--warmup",
      defaultValue = "50",
      description = "how often each way loads small files first")
  private int warmup;

  @Option(
      names = "--settle",
      defaultValue = "0",
      description = "seconds of rest before each run that reads from the disk")
  private int settle;

  @Option(
      names = "--sample",
      defaultValue = "0",
      description = "looks at kinds of memory each so many milliseconds, which costs some time")
  private int sampleMillis;

  /** A way of one of the groups. */
  private record GroupWay(PartsGroup group, String name) {}

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new PartsComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<String> options = sampleMillis == 0 ? List.of() : List.of(Integer.toString(sampleMillis));
    List<PartsGroup> groups = PartsGroup.startAll(ranks, options);
    try (PartsCheckpoint small = PartsCheckpoint.make(parent, files, SMALL_BYTES, SMALL_SIDE);
        PartsCheckpoint checkpoint = PartsCheckpoint.make(parent, files, gib * GIB, SIDE)) {
      compare(ways(groups), small.folder(), checkpoint.folder());
    } finally {
      for (PartsGroup group : groups) {
        group.close();
      }
    }
    return 0;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private List<GroupWay> ways(List<PartsGroup> groups) {
    return groups.stream()
        .flatMap(group -> group.ways().stream().map(name -> new GroupWay(group, name)))
        .filter(way -> names.matcher(way.name).find())
        .toList();
  }

  private void compare(List<GroupWay> ways, Path small, Path folder) throws Exception {
    long bytes = HostState.bytes(folder);
    out().printf("%s bytes in %s files, %s ranks, %s rounds%n", bytes, files, ranks, rounds);
    for (PartsWant want : wants) {
      List<String> order = ways.stream().map(GroupWay::name).toList();
      PartsResults none = new PartsResults(bytes, order);
      List<GroupWay> able = new ArrayList<>(ways);
      for (int round = 0; round < warmup; round++) {
        able.removeIf(way -> !add(way, want, small, () -> {}, none));
      }
      for (CacheState state : states) {
        PartsResults results = new PartsResults(bytes, order);
        List<GroupWay> timed = new ArrayList<>(able);
        for (int round = 0; round < rounds; round++) {
          Collections.shuffle(timed, new Random(round));
          timed.removeIf(way -> !add(way, want, folder, () -> establish(state, folder), results));
        }
        results.print(out(), state + ", " + want + " of every tensor");
      }
    }
  }

  /**
   * Brings the page cache into a state, and touches memory for all ranks' whole files and parts.
   */
  private void establish(CacheState state, Path folder) throws Exception {
    state.establish(folder);
    long bytes = HostState.bytes(folder);
    HostState.touchMemory(
        Math.min(2 * bytes, (HostState.memory() - bytes) / 2), state.cached() ? 0 : settle);
  }

  /** Times a way; answers false if it can't. */
  private boolean add(
      GroupWay way, PartsWant want, Path folder, PartsGroup.State state, PartsResults results) {
    try {
      results.add(way.name, way.group.run(way.name, want, folder, state));
      return true;
    } catch (Exception e) {
      out().println(way.name + ": left out, " + e);
      return false;
    }
  }
}
