// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shards of several tensors that ranks get as one. */
class GroupConcatenationTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void shardsAreConcatenatedInTheOrderAskedFor(int size) throws Exception {
    RankFiles files = RankFiles.write(folder, Math.min(size, 2), DType.F16, DType.BF16, DType.F4);
    List<String> names = new ArrayList<>(List.of("0.F16"));
    names.add(size > 1 ? "1.F16" : "0.F16");
    names.add("0.F16");
    for (int dim = 0; dim < RankFiles.SHAPE.dimensions(); dim++) {
      int along = dim;
      List<byte[]> got =
          Ranks.load(
              bench,
              size,
              files.paths(),
              LoadOptions.defaults(),
              (_, buffer) -> {
                try (Tensor joined =
                    buffer.concatenate(names, along, TensorOptions.of(Part.shard(along)))) {
                  assertThat(joined.isView()).isFalse();
                  assertThat(joined.name()).isEqualTo(String.join(",", names));
                  return Samples.bytesOf(joined);
                }
              });
      for (int rank = 0; rank < size; rank++) {
        List<byte[]> parts = new ArrayList<>();
        for (String name : names) {
          parts.add(part(files.bytes().get(name), dim, size, rank));
        }
        assertThat(got.get(rank))
            .as("along %d, rank %d", dim, rank)
            .isEqualTo(Rows.join(parts, RankFiles.SHAPE, dim));
      }
    }
  }

  /** Cuts an F16 tensor by hand. */
  private static byte[] part(byte[] tensor, int dim, int size, int rank) {
    int rows = 1;
    for (int i = 0; i < dim; i++) {
      rows *= (int) RankFiles.SHAPE.dim(i);
    }
    int count = (int) RankFiles.SHAPE.dim(dim);
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
        LoadOptions.defaults(),
        (_, buffer) -> {
          for (String other : List.of("short", "other", "flat")) {
            assertThatIllegalArgumentException()
                .isThrownBy(() ->
                    buffer.concatenate(List.of("a", other), 0, TensorOptions.of(Part.shard(0))))
                .withMessageContaining("can't be joined");
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() ->
                  buffer.concatenate(List.of("odd", "odd"), 1, TensorOptions.of(Part.shard(1))));
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.concatenate(List.of(), 0, TensorOptions.of(Part.shard(0))))
              .withMessage("no tensors to concatenate");
          assertThatIllegalArgumentException()
              .isThrownBy(
                  () -> buffer.concatenate(List.of("a"), 2, TensorOptions.of(Part.shard(2))));
          assertThatIllegalArgumentException()
              .isThrownBy(
                  () -> buffer.concatenate(List.of("a"), -1, TensorOptions.of(Part.shard(-1))));
          try (Tensor joined =
              buffer.concatenate(List.of("a", "short"), 1, TensorOptions.of(Part.shard(1)))) {
            assertThat(joined.shape().dim(0)).isEqualTo(4);
          }
          return true;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void whatIsJoinedMayBeWholeOrCutElsewhere(int size) throws Exception {
    Samples file =
        new Samples(folder.resolve("f")).with("w", DType.U8, 2, 3).with("v", DType.U8, 1, 3);
    byte[] w = file.write().bytes.get("w");
    byte[] v = file.bytes.get("v");
    Ranks.load(
        bench,
        size,
        Map.of(0, List.of(file.path)),
        LoadOptions.builder().cache(true).build(),
        (group, buffer) -> {
          List<String> names = List.of("w", "v");
          byte[] whole = {w[0], w[1], w[2], w[3], w[4], w[5], v[0], v[1], v[2]};
          try (Tensor joined = buffer.concatenate(names, 0, TensorOptions.defaults());
              Tensor part = buffer.concatenate(names, 0, TensorOptions.of(Part.shard(1)))) {
            assertThat(joined.shape()).isEqualTo(Shape.of(3, 3));
            assertThat(Samples.bytesOf(joined)).isEqualTo(whole);
            int block = Math.ceilDiv(3, size);
            int from = Math.min(3, group.rank() * block);
            int count = Math.min(3 - from, block);
            assertThat(part.shape()).isEqualTo(Shape.of(3, count));
            assertThat(Samples.bytesOf(part)).isEqualTo(columns(whole, from, count));
          }
          return true;
        });
  }

  private static byte[] columns(byte[] rowsOfThree, int from, int count) {
    byte[] columns = new byte[rowsOfThree.length / 3 * count];
    for (int row = 0; row < rowsOfThree.length / 3; row++) {
      System.arraycopy(rowsOfThree, 3 * row + from, columns, row * count, count);
    }
    return columns;
  }

  @Test
  void theSameTensorMayBeAskedForTwiceInOneCall() throws Exception {
    // So large that the two don't share an exchange: the file must not be released in between.
    Samples file = new Samples(folder.resolve("f")).with("w", DType.U8, 9_000_000).write();
    Ranks.load(
        bench,
        2,
        Map.of(1, List.of(file.path)),
        LoadOptions.defaults(),
        (_, buffer) -> {
          try (Tensor joined =
              buffer.concatenate(List.of("w", "w"), 0, TensorOptions.of(Part.shard(0)))) {
            assertThat(joined.byteSize()).isEqualTo(9_000_000);
          }
          return true;
        });
  }
}
