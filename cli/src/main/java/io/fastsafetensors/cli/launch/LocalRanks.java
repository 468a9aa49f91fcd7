// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Runs the ranks of this host as processes: all end when one fails, when the launcher is closed, or
 * when it is told to end by a signal.
 */
public final class LocalRanks implements AutoCloseable {
  /** How long ranks may take to end by themselves before they are killed. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final List<RankProcess> ranks = new ArrayList<>();
  private final BlockingQueue<RankProcess> ended = new LinkedBlockingQueue<>();
  private final Thread hook = new Thread(this::stopAll, "stop-ranks");

  /** No rank starts any more; guarded by the list of ranks. */
  private boolean stopped;

  private LocalRanks() {}

  /**
   * How a rank failed.
   *
   * @param rank the rank
   * @param status its exit status; above 128 the number of the signal that ended it is added
   */
  public record Failure(int rank, int status) {
    private static final int SIGNALS = 128;

    /** Says which rank failed and how. */
    @Override
    public String toString() {
      return "rank "
          + rank
          + (status > SIGNALS
              ? " was ended by signal " + (status - SIGNALS)
              : " failed with exit status " + status);
    }
  }

  /**
   * Starts the ranks of this host.
   *
   * @param command what each runs
   * @param plan who they are
   * @param out takes their standard output
   * @param err takes their standard error
   */
  public static LocalRanks start(
      List<String> command, GroupPlan plan, RankOutput out, RankOutput err) throws IOException {
    LocalRanks launcher = new LocalRanks();
    Runtime.getRuntime().addShutdownHook(launcher.hook);
    try {
      for (int local = 0; local < plan.ranksHere(); local++) {
        launcher.add(command, plan, local, out, err);
      }
      return launcher;
    } catch (IOException | RuntimeException e) {
      launcher.close();
      throw e;
    }
  }

  private void add(List<String> command, GroupPlan plan, int local, RankOutput out, RankOutput err)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(plan.environment(local));
    synchronized (ranks) {
      if (stopped) {
        throw new IOException("told to end while starting the ranks");
      }
      RankProcess rank = RankProcess.start(builder, plan.rank(local), out, err);
      ranks.add(rank);
      var _ = rank.process().onExit().thenRun(() -> ended.add(rank));
    }
  }

  /**
   * Waits until all ranks have ended, or one has failed; then stops the others. As long as a rank
   * runs, it waits: how long a rank may take is the rank's business.
   *
   * @return the first failure; empty if there is none
   */
  public Optional<Failure> await() throws InterruptedException {
    for (int i = 0; i < ranks.size(); i++) {
      RankProcess rank = ended.take();
      rank.awaitOutput(Deadline.after(GRACE));
      if (rank.process().exitValue() != 0) {
        stopAll();
        return Optional.of(new Failure(rank.rank(), rank.process().exitValue()));
      }
    }
    return Optional.empty();
  }

  /** Asks all to end, waits a while, kills those that stay. A second call finds nothing to do. */
  private void stopAll() {
    synchronized (ranks) {
      stopped = true;
      ranks.forEach(RankProcess::stop);
      try {
        Deadline deadline = Deadline.after(GRACE);
        for (RankProcess rank : ranks) {
          if (!rank.awaitEnd(deadline)) {
            rank.kill();
          }
        }
        awaitLast(Deadline.after(GRACE));
      } catch (InterruptedException e) {
        ranks.forEach(RankProcess::kill);
        Thread.currentThread().interrupt();
      }
    }
  }

  private void awaitLast(Deadline deadline) throws InterruptedException {
    for (RankProcess rank : ranks) {
      var _ = rank.awaitEnd(deadline);
      rank.awaitOutput(deadline);
    }
  }

  @Override
  public void close() {
    stopAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is going down, and the hook is what runs now.
    }
  }

  /** Takes what ranks print; called by several threads. */
  @FunctionalInterface
  public interface RankOutput {
    /** Takes a line without its end. */
    void line(int rank, String line);
  }
}
