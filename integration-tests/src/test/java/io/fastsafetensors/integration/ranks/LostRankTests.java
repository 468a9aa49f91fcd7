// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A rank is killed around a broadcast of up to 1 GiB: every other one learns who it was, in time.
 */
@Tag("slow")
@Timeout(240)
class LostRankTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final String BYTES = Long.toString(1L << 30);
  private static final String NOBODY = "-1";
  private static final int SIZE = 3;

  @BeforeAll
  static void needsACollective() {
    Collectives.assumeAny();
  }

  @ParameterizedTest
  @ValueSource(ints = 1)
  void beforeTheBroadcast(int lost) throws Exception {
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, "broadcast", BYTES, NOBODY)) {
      group.awaitAll("joined");
      group.kill(lost);
      group.goAll();
      group.survivorsName(lost);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1073741824", "0, 268435456", "2, 268435456"})
  void duringTheBroadcast(int lost, String bytes) throws Exception {
    String halting = Integer.toString(lost);
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, "broadcast", bytes, halting)) {
      group.awaitAll("joined");
      group.goAll();
      group.rank(lost).await("halfway");
      group.kill(lost);
      group.survivorsName(lost);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = 0)
  void afterTheBroadcast(int lost) throws Exception {
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, "broadcast", BYTES, NOBODY)) {
      group.awaitAll("joined");
      group.goAll();
      group.awaitAll("has all");
      group.kill(lost);
      group.goAll();
      group.survivorsName(lost);
    }
  }
}
