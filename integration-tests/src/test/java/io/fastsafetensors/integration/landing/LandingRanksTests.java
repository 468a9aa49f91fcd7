// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.integration.parts.Leftovers;
import io.fastsafetensors.integration.parts.ThreadRanks;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In a group each rank waits for what it reads itself, and the others for it. */
@Timeout(120)
class LandingRanksTests {
  private static final Landing COPIED =
      Landing.of("cpu", "cpu", AccessPath.COPIED, DirectMode.AUTO);
  private static final int RANKS = Landing.FILES;
  private static final String LAST = Landing.name(1, Landing.TENSORS - 1);

  @TempDir private Path folder;
  private List<Path> files;

  @BeforeEach
  void writeFiles() throws Exception {
    files = Landing.write(folder);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu, COPIED, AUTO", "cpu, posix, COPIED, ON", "sim:0, sim, AUTO, AUTO"})
  void ranksGetTensorsWhileTheRestIsHeld(
      String device, String backend, AccessPath path, DirectMode direct) throws Exception {
    Landing landing = Landing.of(device, backend, path, direct);
    CyclicBarrier all = new CyclicBarrier(RANKS);
    ThreadRanks.runWell(
        RANKS,
        group -> {
          Gate gate = new Gate(Landing.ALL / RANKS / 2);
          try (Loader loader = landing.loader(files, group);
              FileBuffer buffer = loader.begin(landing.options(gate).build());
              gate) {
            Landing.check(buffer, Landing.name(1, 0));
            Landing.check(buffer, Landing.name(0, 1));
            try (Tensor shard =
                buffer.tensor(
                    Landing.name(1, 1), TensorOptions.builder().part(Part.shard(0)).build())) {
              assertThat(shard.byteSize()).isEqualTo(Landing.BYTES / RANKS);
            }
            assertThat(buffer.isLoaded(LAST)).isFalse();
            all.await(60, TimeUnit.SECONDS);
            gate.close();
            for (String name : Landing.NAMES) {
              if (!name.equals(Landing.name(1, 1)) && !name.equals(Landing.name(0, 1))) {
                Landing.check(buffer, name);
              }
            }
            buffer.awaitAll();
          }
        });
  }

  @Test
  void awaitAllWaitsForAllRanks() throws Exception {
    ThreadRanks.runWell(
        RANKS,
        group -> {
          try (Gate gate = new Gate(Long.MAX_VALUE);
              Loader loader = COPIED.loader(files, group);
              FileBuffer buffer = loader.begin(COPIED.options(gate).build())) {
            buffer.awaitAll();
            assertThat(Landing.NAMES).allMatch(buffer::isLoaded);
          }
        });
  }

  @Test
  void rankThatFailsIsNamedOnAllRanksAndTheOthersTensorsAreStillThere() throws Exception {
    CyclicBarrier all = new CyclicBarrier(RANKS);
    ThreadRanks.runWell(
        RANKS,
        group -> {
          Gate gate = new Gate(group.rank() == 1 ? Landing.ALL / RANKS / 2 : Long.MAX_VALUE);
          try (Loader loader = COPIED.loader(files, group);
              FileBuffer buffer = loader.begin(COPIED.options(gate).build());
              gate) {
            Landing.check(buffer, Landing.name(1, 0));
            if (group.rank() == 1) {
              gate.awaitHeld();
              cut();
              gate.close();
            }
            all.await(60, TimeUnit.SECONDS);
            hears(group, catchThrowableOfType(LoadException.class, () -> buffer.tensor(LAST)));
            Landing.check(buffer, Landing.name(0, 7));
            Landing.check(buffer, Landing.name(1, 0));
            hears(group, catchThrowableOfType(LoadException.class, buffer::awaitAll));
            Landing.check(buffer, Landing.name(0, 6));
          }
        });
  }

  private void hears(ProcessGroup group, LoadException e) {
    if (group.rank() == 1) {
      assertThat(e).isNotInstanceOf(CollectiveException.class);
    } else {
      assertThat(e).isInstanceOf(CollectiveException.class).hasMessageContaining("rank 1");
    }
    assertThat(e).hasMessageContaining(files.get(1).toString());
  }

  private void cut() throws Exception {
    try (FileChannel channel = FileChannel.open(files.get(1), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - Landing.BYTES / 2);
    }
  }

  @Test
  void rankThatCannotBeginKeepsAllFromBeginning() throws Exception {
    ThreadRanks.runWell(
        RANKS,
        group -> {
          LoadOptions none = COPIED.options(new Gate(Long.MAX_VALUE)).memoryBudget(1000).build();
          LoadOptions some = COPIED.options(new Gate(Long.MAX_VALUE)).build();
          try (Loader loader = COPIED.loader(files, group)) {
            assertThatExceptionOfType(LoadException.class)
                .isThrownBy(() -> loader.begin(group.rank() == 1 ? none : some).close());
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"LOCAL", "SHARED", "OWNER"})
  void partsAreGivenOutWithoutTheOtherRanks(Distribution distribution) throws Exception {
    ThreadRanks.runWell(
        RANKS,
        group -> {
          Selection halves =
              Selection.builder().part("0.*", Part.shard(0)).otherwise(Part.none()).build();
          LoadOptions options =
              COPIED
                  .options(new Gate(Long.MAX_VALUE))
                  .selection(halves)
                  .distribution(distribution)
                  .build();
          try (Loader loader = COPIED.loader(files, group);
              FileBuffer buffer = loader.begin(options)) {
            for (int i = group.rank(); i < Landing.TENSORS; i++) {
              Tensor half = buffer.tensor(Landing.name(0, i));
              assertThat(half.shape()).isEqualTo(Shape.of(Landing.BYTES / Float.BYTES / RANKS));
            }
            buffer.awaitAll();
          }
        });
  }
}
