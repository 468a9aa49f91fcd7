// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.SavedFile;
import io.fastsafetensors.Selection;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.integration.parts.ThreadRanks;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What several ranks save together has the bytes that one process writes. */
class GroupSaveTests {
  private static final long SHARD = 6_000_000;

  @TempDir private Path temp;
  private final GroupSet set = GroupSet.mixed();
  private Path alone;
  private Path together;

  @BeforeEach
  void makeFolders() throws IOException {
    alone = temp.toRealPath().resolve("alone");
    together = temp.toRealPath().resolve("together");
  }

  private static SaveOptions.Builder options() {
    return SaveOptions.builder().maxShardBytes(SHARD).metadata("format", "pt");
  }

  private Map<Integer, SaveReport> saveTogether(int ranks, SaveOptions options) throws Exception {
    Map<Integer, SaveReport> reports = new ConcurrentHashMap<>();
    ThreadRanks.runWell(
        ranks,
        group -> {
          CheckpointWriter writer = CheckpointWriter.create(group);
          set.add(writer, ranks, group.rank());
          reports.put(group.rank(), writer.write(together, options));
        });
    return reports;
  }

  @ParameterizedTest
  @CsvSource({"1, AUTO", "2, ON", "2, OFF", "3, ON", "4, ON", "4, AUTO"})
  void theBytesDoNotDependOnWhoHasWhat(int ranks, DirectMode direct) throws Exception {
    set.save(alone, options().build());
    SaveOptions options = options().direct(direct).replicated(GroupSet.REPLICATED).build();
    Map<Integer, SaveReport> reports = saveTogether(ranks, options);
    GroupSet.assertSame(alone, together);
    for (int i = 0; i < reports.get(0).files().size(); i++) {
      int number = i;
      SavedFile file = reports.get(0).files().get(i);
      assertThat(file.bytes()).isEqualTo(Files.size(file.file()));
      assertThat(reports.values())
          .allSatisfy(
              report -> assertThat(report.files().get(number).file()).isEqualTo(file.file()));
      assertThat(
              reports.values().stream()
                  .mapToLong(report -> report.files().get(number).written())
                  .sum())
          .as("each byte is written by one rank")
          .isEqualTo(file.bytes());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void convertsOnTheWay(int ranks) throws Exception {
    SaveOptions.Builder options = options().dtype(DType.BF16).dtype("large.rows", DType.F64);
    set.save(alone, options.build());
    saveTogether(ranks, options.replicated(GroupSet.REPLICATED).build());
    GroupSet.assertSame(alone, together);
  }

  @Test
  void savesOverAnOlderCheckpoint() throws Exception {
    set.save(alone, options().build());
    new Generation(3, 3).save(together);
    saveTogether(2, options().replicated(GroupSet.REPLICATED).build());
    GroupSet.assertSame(alone, together);
    saveTogether(3, options().replicated(GroupSet.REPLICATED).build());
    GroupSet.assertSame(alone, together);
  }

  /** Two ranks save what they loaded, four load that. */
  @ParameterizedTest
  @ValueSource(strings = {"cpu", SimRuntime.TYPE})
  void shardsOfALoadComeBack(String device) throws Exception {
    set.save(alone, options().build());
    ThreadRanks.runWell(
        2,
        group -> {
          try (Loader loader = loader(group, alone, device);
              FileBuffer buffer = loader.load(shards())) {
            CheckpointWriter writer = CheckpointWriter.create(group);
            for (String name : buffer.keys()) {
              TensorInfo whole = buffer.info(name);
              writer.addPart(name, whole.shape(), part(whole), buffer.tensor(name));
            }
            writer.write(together, options().replicated("scalar").build());
          }
        });
    GroupSet.assertSame(alone, together);
  }

  private static Loader loader(ProcessGroup group, Path folder, String device) throws IOException {
    return Loader.builder()
        .group(group)
        .device(new Device(device, 0))
        .build()
        .addCheckpoint(folder);
  }

  private static LoadOptions shards() {
    return LoadOptions.builder()
        .selection(
            Selection.builder().part("scalar", Part.whole()).part("*", Part.shard(0)).build())
        .build();
  }

  private static Part part(TensorInfo whole) {
    return whole.shape().dimensions() == 0 ? Part.whole() : Part.shard(0);
  }

  @ParameterizedTest
  @CsvSource({"2, 0, OFF", "3, 1, ON", "4, 1, AUTO"})
  void savesStreamsOfShards(int ranks, int dim, DirectMode direct) throws Exception {
    set.save(alone, options().build());
    Selection selection =
        Selection.builder().part("large.*", Part.shard(dim)).part("*", Part.whole()).build();
    ThreadRanks.runWell(
        ranks,
        group -> {
          StreamOptions window =
              StreamOptions.builder()
                  .load(LoadOptions.builder().selection(selection).build())
                  .window(8 << 20)
                  .pieces(true)
                  .build();
          try (Loader loader = loader(group, alone, "cpu")) {
            CheckpointWriter writer = CheckpointWriter.create(group);
            for (TensorInfo tensor : loader.tensors()) {
              Part part = tensor.name().startsWith("large.") ? Part.shard(dim) : Part.whole();
              writer.declarePart(tensor.name(), tensor.dtype(), tensor.shape(), part);
            }
            SaveOptions options = options().direct(direct).replicated("*").build();
            try (TensorStream stream = loader.stream(window);
                CheckpointSave save = writer.begin(together, options)) {
              stream.consume(save::put);
              save.finish();
            }
          }
        });
    GroupSet.assertSame(alone, together);
  }

  @Test
  void onlyOneOfThoseThatHaveATensorWritesIt() throws Exception {
    GroupSet all = new GroupSet();
    for (int i = 0; i < 40; i++) {
      all.with("norm." + i, DType.U8, GroupSet.How.REPLICATED, 1000);
    }
    Map<Integer, SaveReport> reports = new ConcurrentHashMap<>();
    ThreadRanks.runWell(
        4,
        group -> {
          CheckpointWriter writer = CheckpointWriter.create(group);
          all.add(writer, 4, group.rank());
          reports.put(
              group.rank(), writer.write(together, SaveOptions.builder().replicated("*").build()));
        });
    all.save(alone, SaveOptions.defaults());
    GroupSet.assertSame(alone, together);
    assertThat(IntStream.range(0, 4).mapToObj(rank -> reports.get(rank).bytes()))
        .as("all write as much")
        .containsOnly(10_000L);
  }
}
