// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ranks get of a load by parts, whoever reads the bytes. */
class PartialLoadTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  @ParameterizedTest
  @EnumSource
  void everyRankGetsItsShard(Distribution distribution) throws Exception {
    for (int size = 1; size <= 3; size++) {
      RankFiles files =
          RankFiles.write(
              Files.createDirectory(folder.resolve("" + size)),
              size,
              DType.F32,
              DType.BF16,
              DType.U8);
      for (int dim = 0; dim < 3; dim++) {
        Part part = Part.shard(dim);
        LoadOptions options =
            LoadOptions.builder().selection(Selection.of(part)).distribution(distribution).build();
        List<Map<String, byte[]>> got =
            Ranks.load(bench, size, files.paths(), options, (_, buffer) -> tensors(buffer));
        for (int rank = 0; rank < size; rank++) {
          for (Map.Entry<String, byte[]> tensor : got.get(rank).entrySet()) {
            DType type = DType.valueOf(tensor.getKey().substring(2));
            assertThat(tensor.getValue())
                .as("%s of rank %s of %s, %s", tensor.getKey(), rank, size, part)
                .isEqualTo(
                    cut(files.bytes().get(tensor.getKey()), type.bits() / 8, dim, rank, size));
          }
          assertThat(got.get(rank)).hasSize(3 * size);
        }
      }
    }
  }

  private static Map<String, byte[]> tensors(io.fastsafetensors.FileBuffer buffer)
      throws IOException {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    for (String name : buffer.keys()) {
      try (Tensor tensor = buffer.tensor(name)) {
        bytes.put(name, Samples.bytesOf(tensor));
      }
    }
    return bytes;
  }

  /** Cuts a tensor by going through all its elements. */
  private static byte[] cut(byte[] whole, int size, int dim, int rank, int ranks) {
    long[] dims = RankFiles.SHAPE.dims();
    long block = Math.ceilDiv(dims[dim], ranks);
    byte[] part = new byte[whole.length];
    int to = 0;
    for (int i = 0; i < dims[0]; i++) {
      for (int j = 0; j < dims[1]; j++) {
        for (int k = 0; k < dims[2]; k++) {
          long index = dim == 0 ? i : dim == 1 ? j : k;
          if (index / block == rank) {
            int from = (int) (((i * dims[1] + j) * dims[2] + k) * size);
            System.arraycopy(whole, from, part, to, size);
            to += size;
          }
        }
      }
    }
    return Arrays.copyOf(part, to);
  }
}
