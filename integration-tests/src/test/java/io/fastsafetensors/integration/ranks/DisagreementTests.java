// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What one process does differently, or cannot read, is the same clear error on all. */
@Timeout(240)
class DisagreementTests {
  private static final int SIZE = 3;

  @TempDir private Path folder;

  @Test
  void everyRankIsToldWhatDiffers() throws Exception {
    Collectives.assumeAny();
    new Disagreements(folder).write(SIZE);
    Duration timeout = Duration.ofSeconds(30);
    try (RankGroup group = RankGroup.start(SIZE, timeout, "disagree", folder.toString())) {
      for (RankProcess rank : group.all()) {
        rank.endsWell();
        int number = group.all().indexOf(rank);
        assertThat(rank.await("found "))
            .isEqualTo(
                "rank %1$s of 3, local rank %1$s, by environment variables, at 127.0.0.1:%2$s, for cpu",
                number, group.port());
        assertThat(rank.await("files: "))
            .endsWith("rank 0 has 'rank 0: 0.safetensors', rank 2 has 'rank 0: 1.safetensors'");
        assertThat(rank.await("order: "))
            .endsWith("rank 0 has 'rank 0: 0.safetensors', rank 2 has 'rank 0: 1.safetensors'");
        assertThat(rank.await("dtype: "))
            .endsWith("rank 0 has 'dtype as in the file', rank 2 has 'dtype F16'");
        assertThat(rank.await("cut: ")).contains(folder.resolve("2.safetensors").toString());
        assertThat(rank.complaints()).as("nothing else is printed").isEmpty();
      }
      for (int other = 0; other < SIZE - 1; other++) {
        assertThat(group.rank(other).await("cut: ")).contains("peer rank 2: failed there: ");
      }
    }
  }
}
