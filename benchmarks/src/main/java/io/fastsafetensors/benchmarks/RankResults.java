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
final class RankResults {
  private static final double MIB = 1 << 20;

  /** What the names of those begin with that all are compared with, beside the scatter. */
  static final String LIMIT = "limit: ";

  private final long bytes;
  private final Map<String, List<RankRun>> runs = new LinkedHashMap<>();

  /**
   * Starts without any.
   *
   * @param bytes the size of the files
   * @param ways their names, in the order of the table
   */
  RankResults(long bytes, List<String> ways) {
    this.bytes = bytes;
    ways.forEach(way -> runs.put(way, new ArrayList<>()));
  }

  void add(String way, RankRun run) {
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
            spread(all, RankRun::givenMillis).toString(),
            spread(all, RankRun::touchedMillis).toString()));
    line(out, "medians", "of all bytes: disk, ranks' reads, network", "MiB: peak, own, of files");
    runs.forEach((way, all) -> line(out, way, transferred(all), held(all)));
    printRatios(out);
    out.flush();
  }

  private static void line(PrintWriter out, String way, String first, String second) {
    out.printf("  %-36s %-42s %s%n", way, first, second);
  }

  private static Spread spread(List<RankRun> runs, ToDoubleFunction<RankRun> value) {
    return Spread.of(runs.stream().mapToDouble(value).boxed().toList());
  }

  private String transferred(List<RankRun> runs) {
    return String.format(
        Locale.ROOT,
        "%.4f %.4f %.4f",
        median(runs, run -> run.host().disk()) / bytes,
        median(runs, run -> run.ranks().stream().mapToLong(RankUsage::read).sum()) / bytes,
        median(runs, run -> run.host().loopback()) / bytes);
  }

  /** Of the rank that had most. */
  private static String held(List<RankRun> runs) {
    return String.format(
        Locale.ROOT,
        "%.0f %.0f %.0f",
        median(runs, run -> run.most(RankUsage::peak)) / MIB,
        median(runs, run -> run.most(RankUsage::anonymous)) / MIB,
        median(runs, run -> run.most(RankUsage::file)) / MIB);
  }

  private static double median(List<RankRun> runs, ToLongFunction<RankRun> number) {
    return spread(runs, run -> number.applyAsLong(run)).median();
  }

  /** Compares rounds, not medians. */
  private void printRatios(PrintWriter out) {
    List<String> others =
        runs.keySet().stream()
            .filter(way -> way.startsWith(LIMIT) || way.equals(PartsWays.SCATTER))
            .toList();
    ratios(
        out,
        "times as long as, in the same round",
        others.stream().map(way -> way.replace(LIMIT, "")));
    runs.forEach((way, all) ->
        ratios(
            out,
            way,
            others.stream()
                .map(other -> Objects.requireNonNull(runs.get(other)))
                .map(other -> ratios(all, other))));
  }

  private static void ratios(PrintWriter out, String way, Stream<String> columns) {
    String cells =
        columns.map(column -> String.format("%-24s", column)).collect(Collectors.joining());
    out.printf("  %-36s %s%n", way, cells.stripTrailing());
  }

  /** Until the parts were given out, and until each page was read. */
  private static String ratios(List<RankRun> runs, List<RankRun> others) {
    return String.format(
        Locale.ROOT,
        "%.2f %.2f",
        ratio(runs, others, RankRun::givenMillis),
        ratio(runs, others, RankRun::touchedMillis));
  }

  private static double ratio(
      List<RankRun> runs, List<RankRun> others, ToDoubleFunction<RankRun> value) {
    return Spread.of(
            IntStream.range(0, Math.min(runs.size(), others.size()))
                .mapToObj(
                    i -> value.applyAsDouble(runs.get(i)) / value.applyAsDouble(others.get(i)))
                .toList())
        .median();
  }
}
