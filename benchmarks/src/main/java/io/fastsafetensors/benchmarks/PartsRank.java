// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.ProcessGroup;
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
 * A rank of this library: gets its parts as lines say. {@code prepare}, a way, a want and a folder;
 * then {@code start} and a time. With an argument, memory is sampled each so many milliseconds.
 */
final class PartsRank {
  private static final long SPIN_NANOS = 2_000_000;

  private final Map<String, PartsWay> ways;
  private final int sampleMillis;
  private final PrintStream out = System.out;
  private PartsWay.@Nullable Run next;

  private PartsRank(ProcessGroup group, int sampleMillis) {
    this.ways = PartsWays.all(group);
    this.sampleMillis = sampleMillis;
  }

  /** Joins the group that the environment tells, and does what lines say until there is none. */
  public static void main(String[] arguments) throws Exception {
    int millis = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]);
    try (ProcessGroup group = ProcessGroup.join(GroupConfig.fromEnvironment().orElseThrow());
        BufferedReader orders =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      new PartsRank(group, millis).serve(orders);
    }
  }

  private void serve(BufferedReader orders) throws IOException {
    answer(RankProcess.READY, String.join(RankProcess.TAB, ways.keySet()));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      try {
        obey(line.split(RankProcess.TAB, -1));
      } catch (Exception e) {
        answer(RankProcess.FAILED, e.toString().replaceAll("\\s+", " "));
      }
    }
  }

  private void answer(String first, String words) {
    out.println(first + RankProcess.TAB + words);
    out.flush();
  }

  private void obey(String[] words) throws Exception {
    if (words[0].equals("prepare")) {
      PartsWay way = Objects.requireNonNull(ways.get(words[1]), words[1]);
      next = way.prepare(Path.of(words[3]), PartsWant.valueOf(words[2]));
      System.gc();
      answer(RankProcess.READY, "");
    } else {
      try (PartsWay.Run run = Objects.requireNonNull(next)) {
        answer(RankProcess.DONE, run(run, Long.parseLong(words[1])).print());
      }
    }
  }

  private RankUsage run(PartsWay.Run run, long start) throws Exception {
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
