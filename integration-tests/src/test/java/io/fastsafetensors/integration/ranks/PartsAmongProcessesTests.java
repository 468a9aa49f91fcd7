// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.integration.fuse.FaultyFolder;
import io.fastsafetensors.integration.parts.PartCheckpoint;
import io.fastsafetensors.integration.parts.PartProgram;
import io.fastsafetensors.integration.ranks.HaltedLoad.Moment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Processes load parts of the same files; one that is killed meanwhile is named by the others. */
@Tag("slow")
@Timeout(240)
class PartsAmongProcessesTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Nobody may need so long to hear of a failure. */
  private static final Duration LONG = Duration.ofSeconds(200);

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
  @CsvSource({
    "OWNER, 0, READS",
    "OWNER, 1, READS",
    "SHARED, 2, READS",
    "LOCAL, 1, READS",
    "OWNER, 0, EXCHANGES",
    "SHARED, 1, EXCHANGES",
    "OWNER, 2, SENDS",
    "SHARED, 0, SENDS",
    "SHARED, 1, SENDS",
    "OWNER, 1, HOLDS",
    "SHARED, 2, HOLDS"
  })
  void aRankThatIsKilledMeanwhile(Distribution distribution, int lost, Moment moment)
      throws Exception {
    new HaltedLoad(folder, distribution, lost, moment).write(SIZE);
    String[] arguments = {
      "halt", folder.toString(), distribution.name(), Integer.toString(lost), moment.name()
    };
    try (RankGroup group = RankGroup.start(SIZE, TIMEOUT, arguments)) {
      group.awaitAll("joined");
      group.goAll();
      group.rank(lost).await("halfway");
      group.kill(lost);
      group.survivorsName(lost);
      assertThat(group.all())
          .allSatisfy(
              rank -> assertThat(rank.printed()).noneMatch(line -> line.startsWith("left ")));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MAPPED", "COPIED"})
  void aDiskErrorOfOneRank(AccessPath path) throws Exception {
    Path source = Files.createDirectory(folder.resolve("source"));
    int owner = 1;
    HaltedLoad files = new HaltedLoad(source, Distribution.OWNER, owner, Moment.READS);
    files.write(owner + 1);
    Path bad = files.path(owner);
    try (FaultyFolder faulty = FaultyFolder.mount(bad, folder.resolve("mount"), 40L << 20);
        RankGroup group =
            RankGroup.start(
                SIZE, LONG, "fault", faulty.file(bad).toString(), "" + owner, path.name())) {
      for (RankProcess rank : group.all()) {
        assertThat(rank.endsWell()).noneMatch(line -> line.startsWith("left "));
        String error = rank.await(rank == group.rank(owner) ? "own error " : "error ");
        assertThat(error).contains(faulty.file(bad).toString());
        if (rank != group.rank(owner)) {
          assertThat(rank.await("lost peer ")).isEqualTo("" + owner);
        }
      }
    }
  }
}
