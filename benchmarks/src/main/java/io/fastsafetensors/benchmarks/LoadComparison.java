// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Times ways to load a folder of safetensors files, warm and (as root) cold: {@code LoadComparison
 * FOLDER [ROUNDS]}.
 *
 * <p>The ways take turns, round after round, and each run starts after as much memory was touched
 * as it will use: drifts of the machine hit all alike, and medians compare.
 */
final class LoadComparison {
  private final Path folder;
  private final int rounds;
  private final long bytes;
  private final List<Way> ways = new ArrayList<>();

  private LoadComparison(Path folder, int rounds) throws Exception {
    this.folder = folder;
    this.rounds = rounds;
    this.bytes = Host.bytes(folder);
    DiskLimit.way().ifPresent(ways::add);
    ways.add(PlainWays.mapAndTouch());
    ways.add(PlainWays.readToHeap());
    ways.add(PlainWays.readToNative());
    ways.addAll(FstWays.all());
    ways.addAll(PeerWays.installed());
  }

  /** Prints the tables. */
  public static void main(String[] args) throws Exception {
    if (args.length < 1) {
      System.err.println("usage: LoadComparison FOLDER [ROUNDS]; make one by fst make");
      System.exit(2);
    }
    LoadComparison comparison =
        new LoadComparison(Path.of(args[0]), args.length > 1 ? Integer.parseInt(args[1]) : 5);
    comparison.run("warm", false);
    if (Host.canDropCaches()) {
      comparison.run("cold", true);
    } else {
      System.out.println("cold: left out, dropping the page cache needs root");
    }
  }

  private void run(String title, boolean cold) throws Exception {
    Map<Way, List<Double>> speeds = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (Way way : ways) {
        double speed = time(way, cold);
        speeds.computeIfAbsent(way, _ -> new ArrayList<>()).add(speed);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%n%s, %d bytes, %d rounds: median GB/s (lowest to highest)%n",
        title,
        bytes,
        rounds);
    speeds.forEach((way, values) -> print(way.name(), values));
  }

  private double time(Way way, boolean cold) throws Exception {
    Host.touchMemory(bytes);
    if (cold) {
      Host.dropCaches();
    } else {
      Host.warm(folder);
    }
    return (double) bytes / way.loading().nanos(folder);
  }

  private static void print(String name, List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    System.out.printf(
        Locale.ROOT,
        "  %-50s %7.2f (%.2f to %.2f)%n",
        name,
        sorted.get(sorted.size() / 2),
        sorted.getFirst(),
        sorted.getLast());
  }
}
