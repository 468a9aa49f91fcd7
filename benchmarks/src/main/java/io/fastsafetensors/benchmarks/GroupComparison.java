// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.benchmarks.Results.Spread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Times exchanges of two ranks, each way in turn with the others: {@code GroupComparison [ROUNDS]
 * [MIB...]}. Two processes over the collective that is available are compared with a plain TCP
 * connection between the same two; two threads with a plain copy of the same bytes.
 */
@Command(name = "group", mixinStandardHelpOptions = true, showDefaultValues = true)
final class GroupComparison implements Callable<Integer> {
  private static final int RANKS = 2;
  private static final int WARM_UP_ROUNDS = 3;
  private static final int MIB = 1 << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "ROUNDS", defaultValue = "9", arity = "0..1")
  private int rounds;

  @Parameters(index = "1..*", paramLabel = "MIB", defaultValue = "64 1024", split = " ")
  private List<Long> sizes = List.of();

  /** Runs the command. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new GroupComparison()).execute(args));
  }

  /** Prints the table; in the ranks' processes, which the first one starts, takes part. */
  @Override
  public Integer call() throws Exception {
    Optional<GroupConfig> config = GroupConfig.fromEnvironment();
    if (config.isPresent()) {
      run(config.get());
      return 0;
    }
    int port = RankJvm.freePort();
    Process other = start(1, port);
    Process first = start(0, port);
    if (first.waitFor() + other.waitFor() != 0) {
      throw new IOException("a rank failed");
    }
    return 0;
  }

  private Process start(int rank, int port) throws IOException {
    List<String> arguments = spec.commandLine().getParseResult().originalArgs();
    ProcessBuilder builder =
        new ProcessBuilder(RankJvm.java(GroupComparison.class, arguments)).inheritIO();
    builder.environment().putAll(RankJvm.environment(rank, RANKS, port));
    return builder.start();
  }

  private void run(GroupConfig config) throws Exception {
    List<Long> bytes = sizes.stream().map(mib -> mib * MIB).toList();
    try (ProcessGroup group = ProcessGroup.join(config);
        GroupWays ways = new GroupWays(group, bytes.getLast())) {
      say(group, "GB/s in " + rounds + " rounds, median (lowest to highest)");
      for (long size : bytes) {
        compare(group, ways, size);
      }
    }
  }

  private void say(ProcessGroup group, String line) {
    if (group.rank() == 0) {
      spec.commandLine().getOut().println(line);
    }
  }

  private void compare(ProcessGroup group, GroupWays ways, long size) throws Exception {
    for (boolean scatters : List.of(false, true)) {
      Map<String, GroupWays.Way> all = ways.of(size, scatters);
      Map<String, List<Double>> speeds = new LinkedHashMap<>();
      all.keySet().forEach(name -> speeds.put(name, new ArrayList<>()));
      for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        for (Map.Entry<String, GroupWays.Way> way : all.entrySet()) {
          double speed = (double) size / nanos(group, way.getValue());
          if (round >= 0) {
            Objects.requireNonNull(speeds.get(way.getKey())).add(speed);
          }
        }
      }
      say(group, (scatters ? "scatter " : "broadcast ") + size / MIB + " MiB");
      speeds.forEach((name, values) -> say(group, "  %-14s %s".formatted(name, Spread.of(values))));
      sayRatio(group, speeds, "processes", "tcp");
      sayRatio(group, speeds, "threads", "copy");
    }
  }

  /** Times a way until both ranks are done with it. */
  private static long nanos(ProcessGroup group, GroupWays.Way way) throws Exception {
    group.barrier();
    long start = System.nanoTime();
    way.run();
    group.barrier();
    return System.nanoTime() - start;
  }

  private void sayRatio(
      ProcessGroup group, Map<String, List<Double>> speeds, String way, String other) {
    List<Double> first = Objects.requireNonNull(speeds.get(way));
    List<Double> second = Objects.requireNonNull(speeds.get(other));
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < first.size(); round++) {
      ratios.add(first.get(round) / second.get(round));
    }
    say(group, String.format(Locale.ROOT, "  %-14s %s", way + "/" + other, Spread.of(ratios)));
  }
}
