// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.DType;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Shape;
import io.fastsafetensors.Tensor;
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
  private static final Shape SHAPE = Shape.of(6, 5, 16);
  private static final LoadOptions DEFAULTS = LoadOptions.defaults();

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final Map<String, byte[]> expected = new LinkedHashMap<>();

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  /** Writes a file a rank, with tensors of some types, named by rank and type. */
  private Map<Integer, List<Path>> files(int ranks, DType... types) throws IOException {
    Map<Integer, List<Path>> files = new LinkedHashMap<>();
    for (int rank = 0; rank < ranks; rank++) {
      Samples file = new Samples(folder.resolve("of" + rank));
      for (DType type : types) {
        file.with(rank + "." + type, type, SHAPE.dims());
      }
      expected.putAll(file.write().bytes);
      files.put(rank, List.of(file.path));
    }
    return files;
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
    Map<Integer, List<Path>> files = files(size, DType.values());
    List<Map<String, byte[]>> got =
        Ranks.load(
            bench,
            size,
            files,
            DEFAULTS,
            (_, buffer) -> {
              Map<String, Integer> dims = new LinkedHashMap<>();
              buffer.keys().forEach(name -> dims.put(name, FileBuffer.WHOLE));
              return bytesAndClose(buffer.all(dims));
            });
    for (Map<String, byte[]> rank : got) {
      assertThat(rank.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
      rank.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void theShardsOfAllRanksMakeUpTheTensor(int size) throws Exception {
    Map<Integer, List<Path>> files = files(Math.min(size, 2), DType.values());
    for (int dim = 0; dim < SHAPE.rank(); dim++) {
      int along = dim;
      List<Map<String, byte[]>> got =
          Ranks.load(
              bench,
              size,
              files,
              DEFAULTS,
              (group, buffer) -> bytesAndClose(shards(buffer, along, group.size())));
      assertThat(got.getFirst().size()).isGreaterThan(15);
      for (String name : got.getFirst().keySet()) {
        List<byte[]> parts = got.stream().map(rank -> rank.get(name)).toList();
        assertThat(Rows.join(parts, SHAPE, dim))
            .as("%s along %d on %d ranks", name, dim, size)
            .isEqualTo(expected.get(name));
      }
    }
  }

  /** Asks for all shards at once; leaves out those whose type can't be cut there. */
  private static Map<String, Tensor> shards(FileBuffer buffer, int dim, int ranks)
      throws IOException {
    Map<String, Integer> dims = new LinkedHashMap<>();
    long block = Math.ceilDiv(SHAPE.dim(dim), ranks);
    for (String name : buffer.keys()) {
      DType dtype = buffer.info(name).dtype();
      if (dim < 2 || block * dtype.bits() % 8 == 0) {
        dims.put(name, dim);
      } else {
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.sharded(name, dim));
      }
    }
    return buffer.all(dims);
  }

  @Test
  void oneByOneGivesTheSameAsAllAtOnce() throws Exception {
    Map<Integer, List<Path>> files = files(2, DType.F32, DType.U8);
    Ranks.load(
        bench,
        2,
        files,
        LoadOptions.builder().cache(true).build(),
        (_, buffer) -> {
          Map<String, Integer> dims = new LinkedHashMap<>();
          dims.put("1.F32", 1);
          dims.put("0.U8", FileBuffer.WHOLE);
          dims.put("1.U8", 2);
          dims.put("0.F32", 0);
          Map<String, byte[]> all = bytesAndClose(buffer.all(dims));
          assertThat(all.keySet()).containsExactlyElementsOf(dims.keySet());
          for (String name : dims.keySet()) {
            int dim = dims.get(name);
            try (Tensor one =
                dim == FileBuffer.WHOLE ? buffer.tensor(name) : buffer.sharded(name, dim)) {
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
              try (Tensor part = buffer.sharded("w", 0)) {
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
              Tensor part = buffer.sharded("empty", 1);
              Tensor scalar = buffer.tensor("scalar")) {
            assertThat(empty.shape()).isEqualTo(Shape.of(0, 3));
            assertThat(part.shape()).isEqualTo(Shape.of(0, 1));
            assertThat(scalar.shape()).isEqualTo(Shape.of());
          }
          Optional<Tensor> pushed = buffer.push("empty", 2);
          assertThat(pushed.isPresent()).isEqualTo(group.rank() == 2);
          pushed.ifPresent(Tensor::close);
          assertThatIllegalArgumentException().isThrownBy(() -> buffer.sharded("scalar", 0));
          return true;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aPushGivesATensorToOneRank(int size) throws Exception {
    Map<Integer, List<Path>> files = files(size, DType.F32, DType.I16);
    List<List<String>> got =
        Ranks.load(
            bench,
            size,
            files,
            DEFAULTS,
            (_, buffer) -> {
              List<String> names = new ArrayList<>();
              for (String name : buffer.keys()) {
                int receiver = name.length() % size;
                Optional<Tensor> pushed = buffer.push(name, receiver);
                if (pushed.isPresent()) {
                  assertThat(Samples.bytesOf(pushed.get())).isEqualTo(expected.get(name));
                  names.add(name);
                  pushed.get().close();
                }
              }
              assertThatIllegalArgumentException().isThrownBy(() -> buffer.push("0.F32", size));
              assertThatIllegalArgumentException().isThrownBy(() -> buffer.push("0.F32", -1));
              return names;
            });
    assertThat(got.stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(expected.keySet());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void shardsAreConcatenatedInTheOrderAskedFor(int size) throws Exception {
    Map<Integer, List<Path>> files = files(Math.min(size, 2), DType.F16, DType.BF16, DType.F4);
    List<String> names = new ArrayList<>(List.of("0.F16"));
    names.add(size > 1 ? "1.F16" : "0.F16");
    names.add("0.F16");
    for (int dim = 0; dim < SHAPE.rank(); dim++) {
      int along = dim;
      List<byte[]> got =
          Ranks.load(
              bench,
              size,
              files,
              DEFAULTS,
              (_, buffer) -> {
                try (Tensor joined = buffer.concatenatedShards(names, along)) {
                  assertThat(joined.isView()).isFalse();
                  assertThat(joined.name()).isEqualTo(String.join(",", names));
                  return Samples.bytesOf(joined);
                }
              });
      for (int rank = 0; rank < size; rank++) {
        List<byte[]> parts = new ArrayList<>();
        for (String name : names) {
          parts.add(part(expected.get(name), dim, size, rank));
        }
        assertThat(got.get(rank))
            .as("along %d, rank %d", dim, rank)
            .isEqualTo(Rows.join(parts, SHAPE, dim));
      }
    }
  }

  /** Cuts an F16 tensor by hand. */
  private static byte[] part(byte[] tensor, int dim, int size, int rank) {
    int rows = 1;
    for (int i = 0; i < dim; i++) {
      rows *= (int) SHAPE.dim(i);
    }
    int count = (int) SHAPE.dim(dim);
    int rowBytes = tensor.length / rows;
    int block = (count + size - 1) / size;
    int from = Math.min(count, rank * block);
    int to = Math.min(count, from + block);
    byte[] part = new byte[rows * rowBytes / count * (to - from)];
    for (int row = 0; row < rows; row++) {
      int bytes = rowBytes / count * (to - from);
      System.arraycopy(tensor, row * rowBytes + rowBytes / count * from, part, row * bytes, bytes);
    }
    return part;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void tensorsThatDontFitAreNotConcatenated(int size) throws Exception {
    Samples file =
        new Samples(folder.resolve("f"))
            .with("a", DType.F32, 4, 6)
            .with("short", DType.F32, 4, 5)
            .with("other", DType.F16, 4, 6)
            .with("odd", DType.F4, 2, 3)
            .with("flat", DType.F32, 4)
            .write();
    Ranks.load(
        bench,
        size,
        Map.of(0, List.of(file.path)),
        DEFAULTS,
        (_, buffer) -> {
          for (String other : List.of("short", "other", "flat")) {
            assertThatIllegalArgumentException()
                .isThrownBy(() -> buffer.concatenatedShards(List.of("a", other), 0))
                .withMessageContaining("can't be joined");
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.concatenatedShards(List.of("odd", "odd"), 1));
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.concatenatedShards(List.of(), 0))
              .withMessage("no tensors to concatenate");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.concatenatedShards(List.of("a"), 2));
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.concatenatedShards(List.of("a"), -1));
          try (Tensor joined = buffer.concatenatedShards(List.of("a", "short"), 1)) {
            assertThat(joined.shape().dim(0)).isEqualTo(4);
          }
          return true;
        });
  }

  @Test
  void theSameTensorMayBeAskedForTwiceInOneCall() throws Exception {
    // So large that the two don't share an exchange: the file must not be released in between.
    Samples file = new Samples(folder.resolve("f")).with("w", DType.U8, 9_000_000).write();
    Ranks.load(
        bench,
        2,
        Map.of(1, List.of(file.path)),
        DEFAULTS,
        (_, buffer) -> {
          try (Tensor joined = buffer.concatenatedShards(List.of("w", "w"), 0)) {
            assertThat(joined.byteSize()).isEqualTo(9_000_000);
          }
          return true;
        });
  }

  @Test
  void ranksKnowTheTypeThatTheOwnerConvertedTo() throws Exception {
    Samples file =
        new Samples(folder.resolve("f"))
            .with("w", DType.F32, Shape.of(2), Samples.floats(1, -2))
            .write();
    byte[] half = {0, 0x3C, 0, (byte) 0xC0};
    Ranks.load(
        bench,
        3,
        Map.of(1, List.of(file.path)),
        LoadOptions.builder().dtype(DType.F16).cache(true).build(),
        (_, buffer) -> {
          try (Tensor whole = buffer.tensor("w");
              Tensor back = buffer.tensor("w", DType.F32)) {
            assertThat(whole.dtype()).isEqualTo(DType.F16);
            assertThat(Samples.bytesOf(whole)).isEqualTo(half);
            assertThat(Samples.bytesOf(back)).isEqualTo(file.bytes.get("w"));
          }
          return true;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void convertsOnTheWayOut(int size) throws Exception {
    Samples file =
        new Samples(folder.resolve("f"))
            .with("w", DType.F32, Shape.of(4), Samples.floats(1, -2, 1, -2))
            .with("i", DType.U8, 4)
            .write();
    Ranks.load(
        bench,
        size,
        Map.of(0, List.of(file.path)),
        LoadOptions.builder().cache(true).build(),
        (group, buffer) -> {
          Map<String, Integer> dims = new LinkedHashMap<>();
          dims.put("w", 0);
          dims.put("i", FileBuffer.WHOLE);
          Map<String, Tensor> all = buffer.all(dims, DType.F16);
          assertThat(all.get("w").dtype()).isEqualTo(DType.F16);
          assertThat(all.get("w").byteSize()).isEqualTo(8 / size);
          assertThat(all.get("i").byteSize()).isEqualTo(8);
          assertThat(Samples.bytesOf(all.get("w"))).startsWith(0, 0x3C, 0, (byte) 0xC0);
          all.values().forEach(Tensor::close);
          Optional<Tensor> pushed = buffer.push("w", 0, DType.F64);
          assertThat(pushed.isPresent()).isEqualTo(group.rank() == 0);
          pushed.ifPresent(tensor -> assertThat(tensor.byteSize()).isEqualTo(32));
          pushed.ifPresent(Tensor::close);
          try (Tensor joined = buffer.concatenatedShards(List.of("w", "i"), 0, DType.F32);
              Tensor shard = buffer.sharded("w", 0, DType.BF16)) {
            assertThat(joined.byteSize()).isEqualTo(32 / size);
            assertThat(shard.byteSize()).isEqualTo(8 / size);
          }
          assertThatIllegalArgumentException().isThrownBy(() -> buffer.tensor("w", DType.F4));
          return true;
        });
  }

  @Test
  void worksOnMemoryThatTheHostCantSee() throws Exception {
    bench.runtime.hostVisible = false;
    everyRankGetsEveryTensorWhole(2);
    theShardsOfAllRanksMakeUpTheTensor(3);
  }

  @Test
  void copiesOutliveBufferAndLoader() throws Exception {
    Map<Integer, List<Path>> files = files(2, DType.F32);
    List<Tensor> copies =
        Ranks.load(bench, 2, files, DEFAULTS, (_, buffer) -> buffer.tensor("1.F32"));
    for (Tensor copy : copies) {
      assertThat(Samples.bytesOf(copy)).isEqualTo(expected.get("1.F32"));
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
