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
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Has groups of ranks take turns, each round in another order, and prints what they needed. All
 * ranks of a group begin at the same moment, and the slowest counts.
 */
final class Turns {
  /** What several parts of one small file may take. */
  private static final long LEAST_TOUCHED = 1L << 30;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "where the files are made, on the disk to be measured; deleted in the end")
  private Path parent = Path.of("");

  @Parameters(index = "1", paramLabel = "ROUNDS", defaultValue = "5", arity = "0..1")
  private int rounds;

  @Option(names = "--states", split = ",", description = "of the page cache")
  private Set<CacheState> states = EnumSet.of(CacheState.WARM, CacheState.COLD);

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

  /** A way of one of the groups. */
  private record GroupWay(RankGroup group, String name) {}

  Path parent() {
    return parent;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /**
   * Prints a table for each state.
   *
   * @param groups which take turns
   * @param want what each is told to get
   * @param small a folder to warm up with, of the same tensors with fewer bytes
   * @param folder the folder
   */
  void compare(RankGroups groups, String want, Path small, Path folder) throws Exception {
    List<GroupWay> able =
        new ArrayList<>(
            groups.all().stream()
                .flatMap(group -> group.ways().stream().map(name -> new GroupWay(group, name)))
                .filter(way -> names.matcher(way.name).find())
                .toList());
    List<String> order = able.stream().map(GroupWay::name).toList();
    RankResults none = new RankResults(1, order);
    for (int round = 0; round < warmup; round++) {
      able.removeIf(way -> !add(way, want, small, () -> {}, none));
    }
    long bytes = HostState.bytes(folder);
    for (CacheState state : states) {
      RankResults results = new RankResults(bytes, order);
      List<GroupWay> timed = new ArrayList<>(able);
      for (int round = 0; round < rounds; round++) {
        Collections.shuffle(timed, new Random(round));
        timed.removeIf(way -> !add(way, want, folder, () -> establish(state, folder), results));
      }
      results.print(out(), "%s, %s of %s bytes, %s rounds".formatted(state, want, bytes, rounds));
    }
  }

  /** Brings the page cache into a state, and touches memory for whole files and their parts. */
  private void establish(CacheState state, Path folder) throws Exception {
    state.establish(folder);
    long bytes = HostState.bytes(folder);
    HostState.touchMemory(
        Math.clamp(2 * bytes, LEAST_TOUCHED, (HostState.memory() - bytes) / 2),
        state.cached() ? 0 : settle);
  }

  /** Times a way; answers false if it can't. */
  private boolean add(
      GroupWay way, String want, Path folder, RankGroup.State state, RankResults results) {
    try {
      results.add(way.name, way.group.run(way.name, want, folder, state));
      return true;
    } catch (Exception e) {
      out().println(way.name + ", " + want + ": left out, " + e);
      return false;
    }
  }
}
