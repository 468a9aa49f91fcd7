// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks at the memory of this process now and then: of its kinds the kernel tells no peak. */
final class UsageSampler implements AutoCloseable {
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private volatile RankUsage most;

  /**
   * Begins.
   *
   * @param millis how often; 0 never
   */
  UsageSampler(int millis) throws IOException {
    most = RankUsage.now(0, 0);
    if (millis > 0) {
      var _ = thread.scheduleWithFixedDelay(this::sample, 0, millis, TimeUnit.MILLISECONDS);
    }
  }

  private void sample() {
    try {
      most = most.most(RankUsage.now(0, 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the most that it saw. */
  RankUsage most() {
    return most;
  }

  @Override
  public void close() {
    thread.shutdownNow();
    thread.close();
  }
}
