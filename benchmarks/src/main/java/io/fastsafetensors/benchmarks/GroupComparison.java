// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.ProcessGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Times exchanges of two ranks, each way in turn with the others: {@code GroupComparison [ROUNDS]
 * [MIB...]}. Two processes over the collective that is available are compared with a plain TCP
 * connection between the same two; two threads with a plain copy of the same bytes.
 */
final class GroupComparison {
  private static final int RANKS = 2;
  private static final int WARM_UP_ROUNDS = 3;
  private static final int MIB = 1 << 20;

  private final GroupWays ways;
  private final int rounds;

  private GroupComparison(GroupWays ways, int rounds) {
    this.ways = ways;
    this.rounds = rounds;
  }

  /** Prints the table; in the other process, which this one starts, takes part only. */
  public static void main(String[] args) throws Exception {
    if (GroupConfig.fromEnvironment(Device.CPU).isPresent()) {
      run(GroupConfig.fromEnvironment(Device.CPU).get(), args);
      return;
    }
    int port = freePort();
    Process other = start(1, port, args);
    Process first = start(0, port, args);
    if (first.waitFor() + other.waitFor() != 0) {
      throw new IOException("a rank failed");
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts a rank in a JVM like this one. */
  private static Process start(int rank, int port, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), GroupComparison.class.getName()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder
        .environment()
        .putAll(
            Map.of(
                "RANK",
                Integer.toString(rank),
                "WORLD_SIZE",
                Integer.toString(RANKS),
                "MASTER_ADDR",
                InetAddress.getLoopbackAddress().getHostAddress(),
                "MASTER_PORT",
                Integer.toString(port)));
    return builder.start();
  }

  private static void run(GroupConfig config, String... args) throws Exception {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 9;
    List<Long> sizes = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      sizes.add(Long.parseLong(args[i]) * MIB);
    }
    if (sizes.isEmpty()) {
      sizes.addAll(List.of(64L * MIB, 1024L * MIB));
    }
    try (ProcessGroup group = ProcessGroup.join(config);
        GroupWays ways = new GroupWays(group, sizes.getLast())) {
      say(group, "GB/s in " + rounds + " rounds, median (lowest to highest)");
      GroupComparison comparison = new GroupComparison(ways, rounds);
      for (long size : sizes) {
        comparison.compare(group, size);
      }
    }
  }

  private static void say(ProcessGroup group, String line) {
    if (group.rank() == 0) {
      System.out.println(line);
    }
  }

  private void compare(ProcessGroup group, long size) throws Exception {
    for (boolean scatters : List.of(false, true)) {
      Map<String, GroupWays.Way> all = ways.of(size, scatters);
      Map<String, List<Double>> speeds = new LinkedHashMap<>();
      all.keySet().forEach(name -> speeds.put(name, new ArrayList<>()));
      for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        for (Map.Entry<String, GroupWays.Way> way : all.entrySet()) {
          double speed = (double) size / nanos(group, way.getValue());
          if (round >= 0) {
            speeds.get(way.getKey()).add(speed);
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

  private static void sayRatio(
      ProcessGroup group, Map<String, List<Double>> speeds, String way, String other) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < speeds.get(way).size(); round++) {
      ratios.add(speeds.get(way).get(round) / speeds.get(other).get(round));
    }
    say(group, String.format(Locale.ROOT, "  %-14s %s", way + "/" + other, Spread.of(ratios)));
  }
}
