// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.format.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stream gives every rank the bytes of its parts, whoever reads them, in order. */
@Tag("slow")
@Timeout(240)
class StreamDigestsTests {
  private static final int CHECKPOINTS = 4;
  private static final List<Integer> GROUPS = List.of(1, 2, 3);

  @TempDir private Path folder;

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, cpu, MAPPED, AUTO",
    "cpu, cpu, COPIED, AUTO",
    "cpu, posix, AUTO, AUTO",
    "cpu, posix, COPIED, OFF",
    "cpu, posix, COPIED, ON",
    "sim:0, sim, AUTO, AUTO",
    "sim:1, posix, AUTO, ON"
  })
  void partsAreThoseCutOutOfTheWhole(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    LoadOptions how = LoadOptions.builder().backend(backend).path(path).direct(direct).build();
    StreamOptions window = StreamOptions.builder().window(1 << 20).pieces(true).build();
    for (long seed = 0; seed < CHECKPOINTS; seed++) {
      Path own = Files.createDirectory(folder.resolve("" + seed));
      PartCheckpoint checkpoint = PartCheckpoint.of(own, seed).write();
      Random random = new Random(seed);
      for (Distribution distribution : Distribution.values()) {
        for (int ranks : GROUPS) {
          LoadOptions.Builder options = how.toBuilder().distribution(distribution);
          if (random.nextInt(3) == 0) {
            options.dtype("*.F32", DType.F16);
          }
          PartStreams streams = new PartStreams(checkpoint, Device.parse(device), options.build());
          long wishes = random.nextInt();
          ThreadRanks.runWell(ranks, group -> streams.check(group, wishes, window));
        }
      }
    }
  }
}
