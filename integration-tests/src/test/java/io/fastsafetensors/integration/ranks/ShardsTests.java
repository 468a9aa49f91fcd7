// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.ProcessGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shards of all ranks make up the tensors, whatever the shape, over every transport. */
@Tag("slow")
@Timeout(240)
class ShardsTests {
  private static final int SIZE = 8;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void amongThreads(long seed) throws Exception {
    Shards shards = new Shards(folder);
    shards.write(seed);
    List<Future<?>> ranks = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(SIZE)) {
      for (ProcessGroup group : ProcessGroup.local(SIZE, TIMEOUT)) {
        ranks.add(
            threads.submit(() -> {
              try (group) {
                return shards.check(group);
              }
            }));
      }
    }
    for (Future<?> rank : ranks) {
      rank.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void amongProcesses() throws Exception {
    Collectives.assumeAny();
    new Shards(folder).write(4);
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, "shards", folder.toString())) {
      for (RankProcess rank : group.all()) {
        assertThat(rank.endsWell()).last().isEqualTo("ended well");
        assertThat(rank.complaints()).as("nothing else is printed").isEmpty();
      }
    }
  }
}
