// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTests {
  private static final String HEADER =
      "{\"__metadata__\":{\"k\":\"v\\n\"},"
          + "\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
          + "\"b\\u001b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
          + "\"c\":{\"dtype\":\"F16\",\"shape\":[0,18446744073709551615],"
          + "\"data_offsets\":[16,16]}}";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void writeFile() throws IOException {
    file = Samples.raw(folder.resolve("x.safetensors"), HEADER, 16);
  }

  @Test
  void printsMetadataTensorsAndTotals() {
    Fst fst = Fst.run("inspect", file);
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines())
        .containsExactly(
            "file      " + file,
            "size      "
                + (8 + HEADER.length() + 16)
                + " bytes, data from byte "
                + (8 + HEADER.length()),
            "metadata  1",
            "  k = v\\n",
            "tensors   3",
            "  F32  []  [0, 4)  b\\u001b",
            "  F16  [2, 3]  [4, 16)  a",
            "  F16  [0, 18446744073709551615]  [16, 16)  c",
            "totals",
            "  F16  2 tensors  12 bytes",
            "  F32  1 tensors  4 bytes");
  }

  @Test
  void printsTheSameAsJson() throws IOException {
    Fst fst = Fst.run("inspect", "--json", file);
    Map<String, Object> json = JsonText.object(fst.out());
    assertThat(json)
        .containsEntry("file", file.toString())
        .containsEntry("size", 8L + HEADER.length() + 16)
        .containsEntry("data_offset", 8L + HEADER.length())
        .containsEntry("metadata", Map.of("k", "v\n"))
        .containsEntry(
            "totals",
            Map.of(
                "F16", Map.of("tensors", 2L, "bytes", 12L),
                "F32", Map.of("tensors", 1L, "bytes", 4L)));
    assertThat(json.get("tensors"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
        .hasSize(3)
        .contains(
            Map.of(
                "name",
                "a",
                "dtype",
                "F16",
                "shape",
                List.of(2L, 3L),
                "data_offsets",
                List.of(4L, 16L),
                "bytes",
                12L));
    assertThat(fst.out()).contains("[0,18446744073709551615]");
  }

  @Test
  void describesWhatALoadOfAFolderWouldLoad() throws IOException {
    Path model = folder.resolve("model");
    Fst.run("make", model, "--bytes", "64KiB", "--tensors", "4", "--shards", "2");
    Files.writeString(model.resolve("config.json"), "{}");
    Samples.write(model.resolve("stray.safetensors"), "t", DType.U8, Shape.of());
    Path index = model.resolve("model.safetensors.index.json");
    Path first = model.resolve("model-00001-of-00002.safetensors");
    for (Path path : List.of(model, index)) {
      Fst fst = Fst.run("inspect", path);
      assertThat(fst.exit()).isZero();
      assertThat(fst.outLines())
          .startsWith("path      " + path, "index     " + index, "files     2")
          .anyMatch(line -> line.startsWith("  " + first + "  ") && line.endsWith("2 tensors"))
          .contains("    format = pt", "left out  2", "  config.json  not .safetensors")
          .contains("  stray.safetensors  not in the index", "tensors   4")
          .anyMatch(line -> line.endsWith("layers.0000000.weight  " + first.getFileName()))
          .endsWith("  F16  4 tensors  65536 bytes", "bytes     65536 (64.0 KiB)");
      Map<String, Object> json = JsonText.object(Fst.run("inspect", "--json", path).out());
      assertThat(json)
          .containsEntry("checkpoint", path.toString())
          .containsEntry("index", index.toString())
          .containsEntry("bytes", 65536L)
          .containsEntry("totals", Map.of("F16", Map.of("tensors", 4L, "bytes", 65536L)));
      assertThat((List<?>) json.get("files")).hasSize(2);
      assertThat((List<?>) json.get("tensors")).hasSize(4);
      assertThat(json.get("left_out").toString()).contains("stray", "not in the index");
    }
  }

  @Test
  void showsWhatEachRankWouldReadBeforeAnythingIsRead() throws IOException {
    Path model = folder.resolve("parts");
    Files.createDirectory(model);
    Path one = model.resolve("1.safetensors");
    Path two = model.resolve("2.safetensors");
    Samples.write(one, "w", DType.F32, Shape.of(10, 100_000));
    Samples.write(two, "norm", DType.F32, Shape.of(64));
    Fst fst = Fst.run("inspect", model, "--ranks", "3", "--shard", "w=0");
    assertThat(fst.err()).isEmpty();
    assertThat(fst.outLines())
        .containsExactly(
            "path      " + model,
            "ranks     3, distribution local",
            "  rank 0  2 tensors  memory 1600256 bytes  reads 1600256 bytes in 2 ranges of 2 files",
            "    " + one + "  1 tensors  memory 1600000 bytes  reads 1600000 bytes in 1 range",
            "    " + two + "  1 tensors  memory 256 bytes  reads 256 bytes in 1 range",
            "  rank 1  2 tensors  memory 1600256 bytes  reads 1600256 bytes in 2 ranges of 2 files",
            "    " + one + "  1 tensors  memory 1600000 bytes  reads 1600000 bytes in 1 range",
            "    " + two + "  1 tensors  memory 256 bytes  reads 256 bytes in 1 range",
            "  rank 2  2 tensors  memory 800256 bytes  reads 800256 bytes in 2 ranges of 2 files",
            "    " + one + "  1 tensors  memory 800000 bytes  reads 800000 bytes in 1 range",
            "    " + two + "  1 tensors  memory 256 bytes  reads 256 bytes in 1 range",
            "read      4000768 bytes (3.8 MiB)",
            "needed    4000256 bytes (3.8 MiB)",
            "by many   256 bytes (256 B)",
            "counted   what each rank reads; of bytes by many, only the first on a host needs"
                + " storage");
    assertThat(Fst.run("inspect", model, "--ranks", "3", "--distribution", "shared").outLines())
        .contains("read      4000256 bytes (3.8 MiB)")
        .endsWith(
            "counted   bytes by the rank that reads them for all, not what others get of it or of"
                + " page caches");
    assertThat(Fst.run("inspect", model, "--ranks", "1").out()).doesNotContain("counted");
  }

  @Test
  void plansTheSameAsJsonAlsoWhereRowsAreApartAndFilesAreSelected() throws IOException {
    Path model = folder.resolve("parts");
    Files.createDirectory(model);
    Samples.write(model.resolve("1.safetensors"), "w", DType.F32, Shape.of(10, 100_000));
    Samples.write(model.resolve("2.safetensors"), "norm", DType.F32, Shape.of(64));
    Fst fst = Fst.run("inspect", "--json", model, "--ranks=2", "--shard", "1", "--select", "w");
    Map<String, Object> json = JsonText.object(fst.out());
    assertThat(json)
        .containsEntry("checkpoint", model.toString())
        .containsEntry("distribution", "local")
        .containsEntry("read_bytes", 4_000_000L)
        .containsEntry("once_bytes", 4_000_000L)
        .containsEntry("overlap_bytes", 0L);
    List<?> ranks = (List<?>) json.get("ranks");
    assertThat(ranks).hasSize(2);
    assertThat(ranks.getFirst())
        .isEqualTo(
            Map.of(
                "tensors",
                1L,
                "memory_bytes",
                2_000_000L,
                "read_bytes",
                2_000_000L,
                "ranges",
                10L,
                "files",
                List.of(
                    Map.of(
                        "file",
                        model.resolve("1.safetensors").toString(),
                        "tensors",
                        1L,
                        "memory_bytes",
                        2_000_000L,
                        "read_bytes",
                        2_000_000L,
                        "ranges",
                        10L))));
  }

  @Test
  void aPlanThatMakesNoSenseIsMisuse() {
    for (String options : List.of("--ranks 0", "--ranks x", "--shard 3", "--slice a=[0:9]")) {
      Fst fst = Fst.runLine("inspect " + file + " " + options);
      assertThat(fst.errLines()).as(options).hasSize(1);
      assertThat(fst.exit()).as(options).isEqualTo(2);
      assertThat(fst.out()).isEmpty();
    }
  }

  @Test
  void theDistributionDecidesWhoReadsAndNotWhatARankGets() throws IOException {
    Path model = folder.resolve("parts");
    Files.createDirectory(model);
    Samples.write(model.resolve("1.safetensors"), "w", DType.U8, Shape.of(20 << 20));
    Samples.write(model.resolve("2.safetensors"), "v", DType.U8, Shape.of(50));
    assertThat(plan(model, "auto"))
        .containsEntry("distribution", "shared")
        .containsEntry("read_bytes", (20L << 20) + 50)
        .containsEntry("overlap_bytes", (20L << 20) + 50);
    List<Long> shares = readBytes(plan(model, "shared"));
    assertThat(shares.getFirst() + shares.getLast()).isEqualTo((20L << 20) + 50);
    assertThat(shares).doesNotContain(0L);
    assertThat(readBytes(plan(model, "owner"))).containsExactly(20L << 20, 50L);
    assertThat(readBytes(plan(model, "local"))).containsExactly((20L << 20) + 50, (20L << 20) + 50);
  }

  private static Map<String, Object> plan(Path model, String how) throws IOException {
    Fst fst = Fst.run("inspect", model, "--json", "--ranks", "2", "--distribution", how);
    assertThat(fst.err()).isEmpty();
    return JsonText.object(fst.out());
  }

  private static List<Long> readBytes(Map<String, Object> plan) {
    return ((List<?>) plan.get("ranks"))
        .stream()
            .map(rank -> (Map<?, ?>) rank)
            .peek(rank -> assertThat(rank.get("memory_bytes")).isEqualTo((20L << 20) + 50))
            .map(rank -> (Long) rank.get("read_bytes"))
            .toList();
  }
}
