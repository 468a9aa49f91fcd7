// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Distribution;
import io.fastsafetensors.integration.parts.PartCheckpoint;
import io.fastsafetensors.integration.parts.PartProgram;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes load parts of the same files; one that is killed meanwhile is named by the others. */
@Timeout(240)
class PartsAmongProcessesTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int SIZE = 3;

  @TempDir private Path folder;

  @BeforeAll
  static void needsACollective() {
    Collectives.assumeAny();
  }

  @Test
  void everyRankGetsItsParts() throws Exception {
    PartCheckpoint.of(folder, PartProgram.SEED).write();
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, "parts", folder.toString())) {
      for (RankProcess rank : group.all()) {
        assertThat(rank.endsWell()).last().isEqualTo("ended well");
        assertThat(rank.complaints()).as("nothing else is printed").isEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"OWNER, 0", "OWNER, 1", "SHARED, 2", "LOCAL, 1"})
  void aRankThatIsKilledWhileItReads(Distribution distribution, int lost) throws Exception {
    new HaltedLoad(folder, distribution, lost).write(SIZE);
    String halting = Integer.toString(lost);
    try (RankGroup group =
        RankGroup.start(SIZE, TIMEOUT, "halt", folder.toString(), distribution.name(), halting)) {
      group.awaitAll("joined");
      group.goAll();
      group.rank(lost).await("halfway");
      group.rank(lost).kill();
      group.survivorsName(lost);
    }
  }
}
