// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The ranks of one program, each a process that stays and does what it is told: this library's, and
 * those of each system property whose name begins with {@code ranks.}, a command of one word a
 * line.
 */
final class RankGroup implements AutoCloseable {
  /** Long enough for each rank to read the line. */
  private static final Duration LEAD = Duration.ofMillis(10);

  private final List<RankJvm> ranks = new ArrayList<>();
  private final List<String> ways;

  RankGroup(List<String> command, int size) throws IOException {
    int port = RankJvm.freePort();
    for (int rank = 0; rank < size; rank++) {
      ranks.add(new RankJvm(command, RankJvm.environment(rank, size, port)));
    }
    ways = answers().getFirst();
  }

  /** Returns the names of what it can be told to do. */
  List<String> ways() {
    return ways;
  }

  /** What brings the machine into the state that a run starts from. */
  @FunctionalInterface
  interface State {
    void establish() throws Exception;
  }

  /** Has all ranks get what they want of a folder's tensors, from the same moment on. */
  RankRun run(String way, String want, Path folder, State state) throws Exception {
    for (RankJvm rank : ranks) {
      rank.tell("prepare", way, want, folder.toString());
    }
    answers();
    state.establish();
    HostCounters before = HostCounters.now(folder);
    long start = System.nanoTime() + LEAD.toNanos();
    for (RankJvm rank : ranks) {
      rank.tell("start", Long.toString(start));
    }
    List<RankUsage> usages = answers().stream().map(RankUsage::parse).toList();
    return new RankRun(start, usages, HostCounters.now(folder).since(before));
  }

  /** Waits for all, also after one has failed, so that none is behind the others. */
  private List<List<String>> answers() throws IOException {
    List<List<String>> answers = new ArrayList<>();
    IOException failure = null;
    for (RankJvm rank : ranks) {
      try {
        answers.add(rank.answer());
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return answers;
  }

  @Override
  public void close() throws IOException {
    for (RankJvm rank : ranks) {
      rank.close();
    }
  }
}
