// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ranks get of each other's tensors, in groups of every size. */
class GroupTensorTests {
  private static final Shape SHAPE = RankFiles.SHAPE;
  private static final LoadOptions DEFAULTS = LoadOptions.defaults();

  @TempDir private Path folder;
  private final Bench bench = new Bench();

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  private static Map<String, byte[]> bytesAndClose(Map<String, Tensor> tensors) throws IOException {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
      bytes.put(tensor.getKey(), Samples.bytesOf(tensor.getValue()));
      tensor.getValue().close();
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8})
  void everyRankGetsEveryTensorWhole(int size) throws Exception {
    RankFiles files = RankFiles.write(folder, size, DType.values());
    List<Map<String, byte[]>> got =
        Ranks.load(
            bench,
            size,
            files.paths(),
            DEFAULTS,
            (_, buffer) -> {
              return bytesAndClose(buffer.all(buffer.keys(), TensorOptions.defaults()));
            });
    for (Map<String, byte[]> rank : got) {
      assertThat(rank.keySet()).containsExactlyInAnyOrderElementsOf(files.bytes().keySet());
      rank.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(files.bytes().get(name)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void theShardsOfAllRanksMakeUpTheTensor(int size) throws Exception {
    RankFiles files = RankFiles.write(folder, Math.min(size, 2), DType.values());
    for (int dim = 0; dim < SHAPE.dimensions(); dim++) {
      int along = dim;
      List<Map<String, byte[]>> got =
          Ranks.load(
              bench,
              size,
              files.paths(),
              DEFAULTS,
              (group, buffer) -> bytesAndClose(shards(buffer, along, group.size())));
      assertThat(got.getFirst().size()).isGreaterThan(15);
      for (String name : got.getFirst().keySet()) {
        List<byte[]> parts = got.stream().map(rank -> rank.get(name)).toList();
        assertThat(Rows.join(parts, SHAPE, dim))
            .as("%s along %d on %d ranks", name, dim, size)
            .isEqualTo(files.bytes().get(name));
      }
    }
  }

  /** Asks for all shards at once; leaves out those whose type can't be cut there. */
  private static Map<String, Tensor> shards(FileBuffer buffer, int dim, int ranks)
      throws IOException {
    Map<String, TensorOptions> wanted = new LinkedHashMap<>();
    long block = Math.ceilDiv(SHAPE.dim(dim), ranks);
    for (String name : buffer.keys()) {
      DType dtype = buffer.info(name).dtype();
      if (dim < 2 || block * dtype.bits() % 8 == 0) {
        wanted.put(name, TensorOptions.of(Part.shard(dim)));
      } else {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> buffer.tensor(name, TensorOptions.of(Part.shard(dim))));
      }
    }
    return buffer.all(wanted);
  }

  @Test
  void oneByOneGivesTheSameAsAllAtOnce() throws Exception {
    RankFiles files = RankFiles.write(folder, 2, DType.F32, DType.U8);
    Ranks.load(
        bench,
        2,
        files.paths(),
        LoadOptions.builder().cache(true).build(),
        (_, buffer) -> {
          Map<String, TensorOptions> wanted = new LinkedHashMap<>();
          wanted.put("1.F32", TensorOptions.of(Part.shard(1)));
          wanted.put("0.U8", TensorOptions.defaults());
          wanted.put("1.U8", TensorOptions.of(Part.shard(2)));
          wanted.put("0.F32", TensorOptions.of(Part.shard(0)));
          Map<String, byte[]> all = bytesAndClose(buffer.all(wanted));
          assertThat(all.keySet()).containsExactlyElementsOf(wanted.keySet());
          for (String name : wanted.keySet()) {
            try (Tensor one = buffer.tensor(name, wanted.get(name))) {
              assertThat(Samples.bytesOf(one)).as(name).isEqualTo(all.get(name));
            }
          }
          return true;
        });
  }

  @Test
  void ranksPastTheEndGetEmptyParts() throws Exception {
    Path file = new Samples(folder.resolve("f")).with("w", DType.F32, 2, 3).write().path;
    List<Shape> shapes =
        Ranks.load(
            bench,
            4,
            Map.of(2, List.of(file)),
            DEFAULTS,
            (_, buffer) -> {
              try (Tensor part = buffer.tensor("w", TensorOptions.of(Part.shard(0)))) {
                assertThat(part.isView()).isFalse();
                return part.shape();
              }
            });
    assertThat(shapes)
        .containsExactly(Shape.of(1, 3), Shape.of(1, 3), Shape.of(0, 3), Shape.of(0, 3));
  }

  @Test
  void tensorsWithoutElementsAndScalarsGoRound() throws Exception {
    Path file =
        new Samples(folder.resolve("f"))
            .with("empty", DType.F32, 0, 3)
            .with("scalar", DType.F32)
            .write()
            .path;
    Ranks.load(
        bench,
        3,
        Map.of(1, List.of(file)),
        LoadOptions.builder().cache(true).build(),
        (group, buffer) -> {
          try (Tensor empty = buffer.tensor("empty");
              Tensor part = buffer.tensor("empty", TensorOptions.of(Part.shard(1)));
              Tensor scalar = buffer.tensor("scalar")) {
            assertThat(empty.shape()).isEqualTo(Shape.of(0, 3));
            assertThat(part.shape()).isEqualTo(Shape.of(0, 1));
            assertThat(scalar.shape()).isEqualTo(Shape.of());
          }
          Optional<Tensor> sent = buffer.send("empty", 2, TensorOptions.defaults());
          assertThat(sent.isPresent()).isEqualTo(group.rank() == 2);
          sent.ifPresent(Tensor::close);
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.tensor("scalar", TensorOptions.of(Part.shard(0))));
          return true;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aSendOfAShardGivesTheReceiversPart(int size) throws Exception {
    RankFiles files = RankFiles.write(folder, size, DType.F32, DType.U8);
    Ranks.load(
        bench,
        size,
        files.paths(),
        LoadOptions.builder().cache(true).build(),
        (group, buffer) -> {
          for (String name : buffer.keys()) {
            for (int dim = 0; dim < SHAPE.dimensions(); dim++) {
              TensorOptions options = TensorOptions.of(Part.shard(dim));
              for (int receiver = 0; receiver < size; receiver++) {
                Optional<Tensor> sent = buffer.send(name, receiver, options);
                try (Tensor mine = buffer.tensor(name, options)) {
                  assertThat(sent.isPresent()).isEqualTo(group.rank() == receiver);
                  if (sent.isPresent()) {
                    assertThat(sent.get().shape()).isEqualTo(mine.shape());
                    assertThat(Samples.bytesOf(sent.get())).isEqualTo(Samples.bytesOf(mine));
                    sent.get().close();
                  }
                }
              }
            }
          }
          return true;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aSendGivesATensorToOneRank(int size) throws Exception {
    RankFiles files = RankFiles.write(folder, size, DType.F32, DType.I16);
    List<List<String>> got =
        Ranks.load(
            bench,
            size,
            files.paths(),
            DEFAULTS,
            (_, buffer) -> {
              List<String> names = new ArrayList<>();
              for (String name : buffer.keys()) {
                int receiver = name.length() % size;
                Optional<Tensor> sent = buffer.send(name, receiver, TensorOptions.defaults());
                if (sent.isPresent()) {
                  assertThat(Samples.bytesOf(sent.get())).isEqualTo(files.bytes().get(name));
                  names.add(name);
                  sent.get().close();
                }
              }
              assertThatIllegalArgumentException()
                  .isThrownBy(() -> buffer.send("0.F32", size, TensorOptions.defaults()));
              assertThatIllegalArgumentException()
                  .isThrownBy(() -> buffer.send("0.F32", -1, TensorOptions.defaults()));
              return names;
            });
    assertThat(got.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(files.bytes().keySet());
  }

  @Test
  void worksOnMemoryThatTheHostCantSee() throws Exception {
    bench.runtime.hostVisible = false;
    everyRankGetsEveryTensorWhole(2);
    theShardsOfAllRanksMakeUpTheTensor(3);
  }

  @Test
  void copiesOutliveBufferAndLoader() throws Exception {
    RankFiles files = RankFiles.write(folder, 2, DType.F32);
    List<Tensor> copies =
        Ranks.load(bench, 2, files.paths(), DEFAULTS, (_, buffer) -> buffer.tensor("1.F32"));
    for (Tensor copy : copies) {
      assertThat(Samples.bytesOf(copy)).isEqualTo(files.bytes().get("1.F32"));
      copy.close();
    }
  }

  @Test
  void aFileNeedsToExistOnlyWhereItsOwnerRuns() throws Exception {
    Samples file = new Samples(folder.resolve("w.safetensors")).with("w", DType.U8, 3).write();
    List<Path> paths =
        Ranks.run(
            2,
            group -> {
              Path path = group.rank() == 0 ? file.path : Path.of("/not/here/w.safetensors");
              try (var loader = bench.loader(group).addFiles(0, List.of(path))) {
                assertThat(loader.info("w").shape()).isEqualTo(Shape.of(3));
                try (FileBuffer buffer = loader.load();
                    Tensor tensor = buffer.tensor("w")) {
                  assertThat(Samples.bytesOf(tensor)).isEqualTo(file.bytes.get("w"));
                  return buffer.file("w");
                }
              }
            });
    assertThat(paths).containsExactly(file.path, Path.of("/not/here/w.safetensors"));
  }
}
