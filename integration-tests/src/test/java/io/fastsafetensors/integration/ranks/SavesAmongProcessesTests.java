// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.integration.ranks.HaltedSave.Moment;
import io.fastsafetensors.integration.saves.Generation;
import io.fastsafetensors.integration.saves.GroupSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Processes save a checkpoint together; if one is killed meanwhile, the old checkpoint stays, or
 * the new one stands. Random kills come 4 times; the property {@code kills} says how often else.
 */
@Tag("slow")
@Timeout(240)
class SavesAmongProcessesTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int KILLS = Integer.getInteger("kills", 4);
  private static final int SIZE = 3;

  @TempDir private Path folder;

  @BeforeAll
  static void needsACollective() {
    Collectives.assumeAny();
  }

  @Test
  void theBytesAreThoseOfOneProcess() throws Exception {
    try (RankGroup group = RankGroup.start(4, TIMEOUT, "set", folder.toString())) {
      GroupSet.mixed().save(folder.resolve("alone"), SavedByRanks.options().build());
      for (RankProcess rank : group.all()) {
        assertThat(rank.endsWell()).last().isEqualTo("ended well");
        assertThat(rank.complaints()).as("nothing else is printed").isEmpty();
      }
    }
    Map<String, byte[]> together = GroupSet.contents(folder.resolve("together"));
    Map<String, byte[]> alone = GroupSet.contents(folder.resolve("alone"));
    assertThat(together.keySet()).containsExactlyElementsOf(alone.keySet());
    alone.forEach((name, bytes) -> assertThat(together.get(name)).as(name).isEqualTo(bytes));
  }

  @ParameterizedTest
  @CsvSource({"1, BEGINS", "0, BEGINS", "2, WRITES", "0, WRITES", "1, HAS_WRITTEN"})
  void aRankThatIsKilledMeanwhile(int lost, Moment moment) throws Exception {
    new Generation(1, 2).save(folder);
    List<String> before = names();
    try (RankGroup group =
        RankGroup.start(SIZE, TIMEOUT, "save", folder.toString(), "" + lost, moment.name())) {
      group.awaitAll("joined");
      group.goAll();
      group.rank(lost).await("halfway");
      group.kill(lost);
      group.survivorsName(lost);
    }
    assertThat(Generation.read(folder)).isEqualTo(1);
    assertThat(Generation.readAsTransformers(folder)).isEqualTo(1);
    if (lost != 0) {
      assertThat(names()).isEqualTo(before);
    } else {
      assertThat(names()).anyMatch(name -> name.startsWith("."));
    }
    new Generation(2, 2).save(folder);
    assertThat(names()).isEqualTo(before);
  }

  @Test
  void ranksThatAreKilledAtAnyMoment() throws Exception {
    Random random = new Random(Long.getLong("seed", 24));
    new Generation(1, 2).save(folder);
    for (int i = 0; i < KILLS; i++) {
      int before = Generation.read(folder);
      int lost = i % 2;
      int last = killed(random, lost, before);
      int found = Generation.read(folder);
      assertThat(found).as("kill %s", i).isIn(last, last % 127 + 1);
      assertThat(Generation.readAsTransformers(folder)).as("kill %s", i).isIn(last, last % 127 + 1);
      if (lost != 0) {
        assertThat(names()).as("kill %s", i).noneMatch(name -> name.startsWith("."));
      }
    }
    new Generation(127, 1).save(folder);
    assertThat(names()).containsExactly("model.safetensors");
  }

  /** Returns the last generation that all ranks know to be saved when one was killed. */
  private int killed(Random random, int lost, int before) throws Exception {
    try (RankGroup group = RankGroup.start(2, TIMEOUT, "saves", folder.toString(), "" + before)) {
      group.awaitAll("joined");
      group.goAll();
      group.rank(1 - lost).await("saved ");
      TimeUnit.MICROSECONDS.sleep(random.nextInt(100_000)); // at any moment
      group.kill(lost);
      RankProcess survivor = group.rank(1 - lost);
      assertThat(survivor.end()).as("%s", survivor.complaints()).isEqualTo(1);
      assertThat(survivor.await("lost peer ")).isEqualTo("" + lost);
      return group.all().stream()
          .flatMap(rank -> rank.printed().stream())
          .filter(line -> line.startsWith("saved "))
          .mapToInt(line -> Integer.parseInt(line.substring("saved ".length())))
          .max()
          .orElseThrow();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
