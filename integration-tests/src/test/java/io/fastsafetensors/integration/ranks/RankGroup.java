// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.cli.launch.GroupPlan;
import io.fastsafetensors.integration.StartCache;
import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The ranks of one group as processes that run {@link RankProgram}. */
final class RankGroup implements AutoCloseable {
  /**
   * How much longer than the group's timeout survivors may take to fail. A rank that falls silent
   * is noticed after the timeout; rank 0's verdict, and leaving the group, take at most 2 s each.
   * The rest is for a busy machine.
   */
  private static final Duration SLACK = Duration.ofSeconds(15);

  private final int size;
  private final Duration timeout;
  private final String host;
  private final int port;
  private final List<RankProcess> ranks = new ArrayList<>();
  private @Nullable Deadline notice;

  private RankGroup(int size, Duration timeout, String host, int port) {
    this.size = size;
    this.timeout = timeout;
    this.host = host;
    this.port = port;
  }

  /** Makes a group on this host, of which no rank has started. */
  static RankGroup of(int size, Duration timeout) throws IOException {
    GroupPlan plan = GroupPlan.local(size, "a token");
    return new RankGroup(size, timeout, plan.host(), plan.port());
  }

  /** Makes a group whose rank 0 will listen at an address. */
  static RankGroup at(String host, int port, int size, Duration timeout) {
    return new RankGroup(size, timeout, host, port);
  }

  /** Makes a group on this host and starts all its ranks. */
  static RankGroup start(int size, Duration timeout, String... arguments) throws IOException {
    RankGroup group = of(size, timeout);
    try {
      for (int rank = 0; rank < size; rank++) {
        group.add(List.of(), arguments);
      }
      return group;
    } catch (IOException | RuntimeException e) {
      group.close();
      throw e;
    }
  }

  /** Starts the next rank; {@code prefix} is put before its command line. */
  RankProcess add(List<String> prefix, String... arguments) throws IOException {
    int rank = ranks.size();
    List<String> command = new ArrayList<>(prefix);
    command.addAll(java(RankProgram.class));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment(rank));
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    RankProcess process = new RankProcess("rank " + rank, builder);
    ranks.add(process);
    return process;
  }

  /** Returns a command line for a main class of the tests' class path; it starts fast. */
  static List<String> java(Class<?> program) {
    // The JVM's own memory is there from the start, so that what a load leaves shows.
    return StartCache.java(
        List.of("-Xms512m", "-Xmx512m", "-XX:InitialCodeCacheSize=32m"), program.getName());
  }

  private Map<String, String> environment(int rank) {
    return Map.of(
        "RANK",
        Integer.toString(rank),
        "WORLD_SIZE",
        Integer.toString(size),
        "MASTER_ADDR",
        host,
        "MASTER_PORT",
        Integer.toString(port),
        "FST_GROUP_TOKEN",
        "a token",
        "FST_GROUP_TIMEOUT",
        Long.toString(timeout.toSeconds()));
  }

  int port() {
    return port;
  }

  RankProcess rank(int rank) {
    return ranks.get(rank);
  }

  List<RankProcess> all() {
    return ranks;
  }

  /** Waits until all have printed a line that begins so. */
  void awaitAll(String beginning) throws InterruptedException {
    for (RankProcess rank : ranks) {
      rank.await(beginning);
    }
  }

  /** Lets all that still run go on. */
  void goAll() throws IOException {
    for (RankProcess rank : ranks) {
      if (rank.isAlive()) {
        rank.go();
      }
    }
  }

  /** Kills a rank; the time that the others have starts. */
  void kill(int rank) throws InterruptedException {
    losesNow();
    ranks.get(rank).kill();
  }

  /** Starts the time that ranks have to notice a loss: what they did before doesn't count. */
  void losesNow() {
    notice = Deadline.after(timeout.plus(SLACK));
  }

  /**
   * Fails unless every other rank fails in time and names the lost rank, whose connection ended:
   * nobody waits for a rank that is dead. Nothing may be left.
   */
  void survivorsName(int lost) throws InterruptedException {
    Map<Integer, Set<Integer>> survivors =
        IntStream.range(0, size)
            .filter(rank -> rank != lost)
            .boxed()
            .collect(Collectors.toMap(rank -> rank, _ -> Set.of(lost)));
    failNaming(survivors);
    for (int survivor : survivors.keySet()) {
      assertThat(ranks.get(survivor).await("error ")).contains("its connection ended");
    }
    assertThat(ranks).noneMatch(RankProcess::isAlive);
  }

  /** Fails unless each rank fails in time, names one of those it lost, and prints nothing else. */
  void failNaming(Map<Integer, Set<Integer>> lost) throws InterruptedException {
    for (int rank : lost.keySet()) {
      assertThat(lost.get(rank)).contains(Integer.parseInt(ranks.get(rank).await("lost peer ")));
      assertThat(requireNonNull(notice).hasPassed()).as("rank %s was too late", rank).isFalse();
    }
    for (int rank : lost.keySet()) {
      RankProcess survivor = ranks.get(rank);
      assertThat(survivor.end()).as("%s %s", survivor.printed(), survivor.complaints()).isOne();
      assertThat(survivor.complaints()).isEmpty();
    }
  }

  @Override
  public void close() {
    ranks.forEach(RankProcess::close);
  }
}
