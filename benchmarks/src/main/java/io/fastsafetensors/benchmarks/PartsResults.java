// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.benchmarks.Results.Spread;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What the ways needed for one want in one state of the page cache, as a table. */
final class PartsResults {
  private static final double MIB = 1 << 20;

  /** What all are compared with, by short names. */
  private static final Map<String, String> REFERENCES = references();

  private final long bytes;
  private final Map<String, List<PartsRun>> runs = new LinkedHashMap<>();

  /**
   * Starts without any.
   *
   * @param bytes the size of the files
   * @param ways their names, in the order of the table
   */
  PartsResults(long bytes, List<String> ways) {
    this.bytes = bytes;
    ways.forEach(way -> runs.put(way, new ArrayList<>()));
  }

  private static Map<String, String> references() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("scatter", PartsWays.SCATTER);
    names.put("map", PartsLimits.MAP);
    names.put("copy", PartsLimits.COPY);
    names.put("read", PartsLimits.READ);
    names.put("read new", PartsLimits.READ_NEW);
    names.put("disk", PartsLimits.DISK);
    return names;
  }

  void add(String way, PartsRun run) {
    Objects.requireNonNull(runs.get(way), way).add(run);
  }

  /** Prints times, and what the kernel counted. */
  void print(PrintWriter out, String title) {
    runs.values().removeIf(List::isEmpty);
    out.printf("%n%s%n", title);
    line(out, "ms, median (lowest to highest)", "given out", "each page read");
    runs.forEach((way, all) ->
        line(
            out,
            way,
            spread(all, PartsRun::givenMillis).toString(),
            spread(all, PartsRun::touchedMillis).toString()));
    line(out, "medians", "of all bytes: disk, ranks' reads, network", "MiB: peak, own, of files");
    runs.forEach((way, all) -> line(out, way, transferred(all), held(all)));
    printRatios(out);
    out.flush();
  }

  private static void line(PrintWriter out, String way, String first, String second) {
    out.printf("  %-36s %-42s %s%n", way, first, second);
  }

  private static Spread spread(List<PartsRun> runs, ToDoubleFunction<PartsRun> value) {
    return Spread.of(runs.stream().mapToDouble(value).boxed().toList());
  }

  private String transferred(List<PartsRun> runs) {
    return String.format(
        Locale.ROOT,
        "%.3f %.3f %.3f",
        median(runs, run -> run.host().disk()) / bytes,
        median(runs, run -> run.ranks().stream().mapToLong(RankUsage::read).sum()) / bytes,
        median(runs, run -> run.host().loopback()) / bytes);
  }

  /** Of the rank that had most. */
  private static String held(List<PartsRun> runs) {
    return String.format(
        Locale.ROOT,
        "%.0f %.0f %.0f",
        median(runs, run -> run.most(RankUsage::peak)) / MIB,
        median(runs, run -> run.most(RankUsage::anonymous)) / MIB,
        median(runs, run -> run.most(RankUsage::file)) / MIB);
  }

  private static double median(List<PartsRun> runs, ToLongFunction<PartsRun> number) {
    return spread(runs, run -> number.applyAsLong(run)).median();
  }

  /** Compares rounds, not medians. */
  private void printRatios(PrintWriter out) {
    Map<String, String> others = new LinkedHashMap<>(REFERENCES);
    others.values().retainAll(runs.keySet());
    ratios(out, "times as long as, in the same round", others.keySet().stream());
    runs.forEach((way, all) ->
        ratios(
            out,
            way,
            others.values().stream()
                .map(other -> Objects.requireNonNull(runs.get(other)))
                .map(other -> ratios(all, other))));
  }

  private static void ratios(PrintWriter out, String way, Stream<String> columns) {
    String cells =
        columns.map(column -> String.format("%-14s", column)).collect(Collectors.joining());
    out.printf("  %-36s %s%n", way, cells.stripTrailing());
  }

  /** Until the parts were given out, and until each page was read. */
  private static String ratios(List<PartsRun> runs, List<PartsRun> others) {
    return String.format(
        Locale.ROOT,
        "%.2f %.2f",
        ratio(runs, others, PartsRun::givenMillis),
        ratio(runs, others, PartsRun::touchedMillis));
  }

  private static double ratio(
      List<PartsRun> runs, List<PartsRun> others, ToDoubleFunction<PartsRun> value) {
    return Spread.of(
            IntStream.range(0, Math.min(runs.size(), others.size()))
                .mapToObj(
                    i -> value.applyAsDouble(runs.get(i)) / value.applyAsDouble(others.get(i)))
                .toList())
        .median();
  }
}
