// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.lang.ref.WeakReference;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A group that lives on keeps nothing of the calls that are over. */
class LocalGroupLeakTests {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aCallThatIsOverIsForgotten(int size) throws Exception {
    Ranks.all(
        size,
        rank -> {
          WeakReference<Region> sent = broadcastFrom(rank, rank.group());
          rank.group().barrier();
          awaitForgotten(sent);
          rank.group().barrier();
        });
  }

  @Test
  void soIsACallOfASubgroup() throws Exception {
    Ranks.all(
        4,
        rank -> {
          try (Transport part = rank.group().split(rank.number() % 2, 0)) {
            WeakReference<Region> sent = broadcastFrom(rank, part);
            part.barrier();
            awaitForgotten(sent);
            part.barrier();
          }
        });
  }

  /** Lets each rank send once; returns what this one sent. */
  private static WeakReference<Region> broadcastFrom(Rank rank, Transport group) throws Exception {
    Region own = rank.filled(8, 1);
    Region sent = new Region(own.buffer(), own.offset(), own.rows(), own.rowBytes(), own.pitch());
    for (int root = 0; root < group.size(); root++) {
      Region data = root == group.rank() ? sent : rank.zeros(8);
      group.broadcast(data, root, rank.stream());
    }
    return new WeakReference<>(sent);
  }

  private static void awaitForgotten(WeakReference<Region> region) throws InterruptedException {
    Deadline deadline = Deadline.after(LIMIT);
    while (region.get() != null && !deadline.hasPassed()) {
      System.gc();
      Thread.sleep(1);
    }
    assertThat(region.get()).as("what was sent, after the call").isNull();
  }
}
