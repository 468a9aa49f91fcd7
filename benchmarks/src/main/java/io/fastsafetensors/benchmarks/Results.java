// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;

/** The times of all runs, as a table and as JSON. */
final class Results {
  private static final double NANOS_PER_MILLI = 1e6;

  private final PrintWriter out;
  private final Path folder;
  private final long bytes;
  private final String readahead;
  private final int settle;
  private final Map<CacheState, Map<Way, List<Long>>> nanos = new EnumMap<>(CacheState.class);

  /**
   * Starts without any.
   *
   * @param bytes what a whole load has
   * @param settle how many seconds the machine had before each run
   */
  Results(Path folder, long bytes, int settle, PrintWriter out) throws IOException {
    this.out = out;
    this.folder = folder;
    this.bytes = bytes;
    this.settle = settle;
    this.readahead = Readahead.describe(folder);
  }

  long bytes() {
    return bytes;
  }

  void add(CacheState state, Way way, long time) {
    nanos
        .computeIfAbsent(state, _ -> new LinkedHashMap<>())
        .computeIfAbsent(way, _ -> new ArrayList<>())
        .add(time);
  }

  void print(CacheState state) {
    out.printf(
        Locale.ROOT,
        "%n%s, %s bytes, %s KiB readahead: medians (lowest to highest)%n",
        state,
        bytes,
        state == CacheState.COLD_128K ? Readahead.LINUX_KIB : readahead);
    nanos
        .getOrDefault(state, Map.of())
        .forEach((way, times) ->
            out.printf(
                Locale.ROOT,
                "  %-52s %s ms%s%n",
                way.name(),
                Spread.of(times.stream().map(time -> time / NANOS_PER_MILLI).toList()),
                way.whole() ? "  " + Spread.of(speeds(times)) + " GB/s" : ""));
  }

  /** Prints how far the library is from its goals: rounds are compared, not medians. */
  void print(List<Goal> goals) {
    out.printf(Locale.ROOT, "%ngoals: times as fast, in the same round%n");
    for (Goal goal : goals) {
      goal.result(nanos.getOrDefault(goal.state(), Map.of()))
          .ifPresent(result ->
              out.printf(
                  Locale.ROOT,
                  "  %-9s %-24s : %-46s %s, goal %.2f%n",
                  goal.state(),
                  goal.way(),
                  result.other(),
                  Spread.of(result.ratios()),
                  goal.least()));
    }
  }

  private List<Double> speeds(List<Long> times) {
    return times.stream().map(time -> (double) bytes / time).toList();
  }

  /** Writes all of it: every run's time, for whoever wants other figures than medians. */
  void write(Path json) throws IOException {
    try (JsonGenerator out = new JsonFactory().createGenerator(json.toFile(), JsonEncoding.UTF8)) {
      out.useDefaultPrettyPrinter();
      out.writeStartObject();
      out.writeStringField("date", Instant.now().toString());
      out.writeStringField("folder", String.valueOf(folder.getFileName()));
      out.writeNumberField("bytes", bytes);
      out.writeNumberField("processors", HostState.CORES);
      out.writeStringField("java", Runtime.version().toString());
      out.writeStringField(
          "system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
      out.writeStringField("readaheadKib", readahead);
      out.writeNumberField("settleSeconds", settle);
      for (Map.Entry<CacheState, Map<Way, List<Long>>> state : nanos.entrySet()) {
        out.writeObjectFieldStart(state.getKey().toString());
        for (Map.Entry<Way, List<Long>> way : state.getValue().entrySet()) {
          write(out, way.getKey(), way.getValue());
        }
        out.writeEndObject();
      }
      out.writeEndObject();
    }
  }

  private void write(JsonGenerator out, Way way, List<Long> times) throws IOException {
    out.writeObjectFieldStart(way.name());
    out.writeNumberField(
        "medianNanos", Spread.of(times.stream().map(Long::doubleValue).toList()).median());
    if (way.whole()) {
      out.writeNumberField("medianGigabytesPerSecond", Spread.of(speeds(times)).median());
    }
    out.writeFieldName("nanos");
    long[] all = times.stream().flatMapToLong(LongStream::of).toArray();
    out.writeArray(all, 0, all.length);
    out.writeEndObject();
  }

  /**
   * What is told of the values of several rounds.
   *
   * @param median the middle one
   * @param lowest the lowest one
   * @param highest the highest one
   */
  record Spread(double median, double lowest, double highest) {
    static long median(List<Long> values) {
      return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(Long.MAX_VALUE);
    }

    static Spread of(List<Double> values) {
      List<Double> sorted = values.stream().sorted().toList();
      return new Spread(sorted.get(sorted.size() / 2), sorted.getFirst(), sorted.getLast());
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%7.2f (%.2f to %.2f)", median, lowest, highest);
    }
  }
}
