// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A rank that gets what lines say: {@code prepare}, a way, a want and a folder; then {@code start}
 * and a time. {@link RankJvm} is at the other end.
 */
final class RankServer {
  private static final long SPIN_NANOS = 2_000_000;

  private final Map<String, RankWay> ways;
  private final int sampleMillis;
  private final PrintStream out = System.out;
  private RankWay.@Nullable Run next;

  /**
   * Makes it.
   *
   * @param arguments those of the program; if there is one, memory is sampled each so many
   *     milliseconds
   */
  RankServer(Map<String, RankWay> ways, String... arguments) {
    this.ways = ways;
    this.sampleMillis = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]);
  }

  /** Does what lines of the standard input say until there is none. */
  void serve() throws IOException {
    try (BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      serve(orders);
    }
  }

  private void serve(BufferedReader orders) throws IOException {
    answer(RankJvm.READY, String.join(RankJvm.TAB, ways.keySet()));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      try {
        obey(line.split(RankJvm.TAB, -1));
      } catch (Exception e) {
        answer(RankJvm.FAILED, e.toString().replaceAll("\\s+", " "));
      }
    }
  }

  private void answer(String first, String words) {
    out.println(first + RankJvm.TAB + words);
    out.flush();
  }

  private void obey(String[] words) throws Exception {
    if (words[0].equals("prepare")) {
      RankWay way = Objects.requireNonNull(ways.get(words[1]), words[1]);
      next = way.prepare(Path.of(words[3]), words[2]);
      System.gc();
      answer(RankJvm.READY, "");
    } else {
      try (RankWay.Run run = Objects.requireNonNull(next)) {
        answer(RankJvm.DONE, run(run, Long.parseLong(words[1])).print());
      }
    }
  }

  private RankUsage run(RankWay.Run run, long start) throws Exception {
    RankUsage.forgetPeak();
    RankUsage before = RankUsage.now(0, 0);
    try (UsageSampler sampler = new UsageSampler(sampleMillis)) {
      awaitStart(start);
      List<MemorySegment> parts = run.get();
      long given = System.nanoTime();
      HostState.touch(parts);
      long touched = System.nanoTime();
      return RankUsage.now(given, touched).most(sampler.most()).since(before);
    }
  }

  private static void awaitStart(long start) throws InterruptedException {
    long left = start - System.nanoTime();
    if (left > SPIN_NANOS) {
      Thread.sleep((left - SPIN_NANOS) / 1_000_000);
    }
    while (System.nanoTime() < start) {
      Thread.onSpinWait();
    }
  }
}
