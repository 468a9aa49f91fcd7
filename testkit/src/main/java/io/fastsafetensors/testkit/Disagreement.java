// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;

/** The last rank calls something else than the others. */
enum Disagreement {
  /** Another operation. */
  OPERATION {
    @Override
    void call(RankBench rank, GuardedRegion target) throws LoadException {
      if (rank.isLast()) {
        rank.group().allGather(new byte[1]);
      } else {
        rank.group().broadcast(target.region(), 0, rank.stream());
      }
    }
  },
  /** Fewer bytes. */
  SIZE {
    @Override
    void call(RankBench rank, GuardedRegion target) throws LoadException {
      long bytes = rank.isLast() ? BYTES / 2 : BYTES;
      rank.group().broadcast(target.region().slice(0, bytes), 0, rank.stream());
    }
  },
  /** Another root. */
  ROOT {
    @Override
    void call(RankBench rank, GuardedRegion target) throws LoadException {
      rank.group().broadcast(target.region(), rank.isLast() ? 1 : 0, rank.stream());
    }
  };

  private static final int BYTES = 1000;

  abstract void call(RankBench rank, GuardedRegion target) throws LoadException;

  /**
   * Has the ranks disagree, and then meet, which they only do if none found out. Memory around the
   * region must be as before in any case. Skips the test, visibly, if nobody found out.
   */
  void tryOut(RankBench rank, Rule rule) throws LoadException {
    try (GuardedRegion target = new GuardedRegion(rank, BYTES)) {
      boolean noticed = isNoticed(rank.group(), () -> call(rank, target));
      target.checkAround(rule, "a broadcast about which ranks disagree");
      Assumptions.assumeTrue(
          noticed,
          "this transport can't tell that ranks disagree: " + name().toLowerCase(Locale.ROOT));
    }
  }

  /** What a rank does. */
  @FunctionalInterface
  private interface Call {
    void make() throws LoadException;
  }

  private static boolean isNoticed(Transport group, Call call) throws LoadException {
    try {
      call.make();
      group.barrier();
      return false;
    } catch (CollectiveException e) {
      return true;
    }
  }
}
