// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MakeCommandTests {
  @TempDir private Path folder;

  @Test
  void writesShardsOfEqualTensorsWithAnIndex() throws IOException {
    Fst fst = make("m", "--bytes", "1000001", "--tensors", "7", "--dtype", "F16", "--shards", "3");
    assertThat(fst.exit()).isZero();
    List<TensorInfo> tensors = new ArrayList<>();
    for (int shard = 1; shard <= 3; shard++) {
      tensors.addAll(header("m/model-0000" + shard + "-of-00003.safetensors").tensors());
    }
    assertThat(tensors).hasSize(7).extracting(TensorInfo::dtype).containsOnly(DType.F16);
    assertThat(tensors.stream().mapToLong(TensorInfo::byteSize)).containsOnly(142_858L, 142_856L);
    assertThat(tensors.stream().mapToLong(TensorInfo::byteSize).sum()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void indexNamesEveryTensorAndItsShardAndTheTotal(DType dtype) throws IOException {
    make("m", "--bytes", "999", "--tensors", "5", "--dtype", dtype, "--shards", "2");
    Map<String, Object> index =
        JsonText.object(Files.readString(folder.resolve("m/model.safetensors.index.json")));
    Map<?, ?> map = (Map<?, ?>) index.get("weight_map");
    long total = 0;
    for (Object shard : List.copyOf(map.values()).stream().distinct().toList()) {
      for (TensorInfo tensor : header("m/" + shard).tensors()) {
        assertThat(map.remove(tensor.name())).isEqualTo(shard);
        total += tensor.byteSize();
      }
    }
    assertThat(map).isEmpty();
    assertThat(index.get("metadata")).isEqualTo(Map.of("total_size", total));
    assertThat(total).isBetween(999L - 8, 999L);
  }

  @Test
  void oneShardHasThePlainNameAndAnIndexToo() {
    make("m", "--bytes", "64");
    assertThat(files("m")).containsExactly("model.safetensors", "model.safetensors.index.json");
  }

  @Test
  void sameArgumentsGiveTheSameBytesAndAnotherSeedOthers() throws IOException {
    Object[] size = {"--bytes", "3MiB", "--tensors", "2"};
    make("a", size);
    make("b", size);
    make("c", "--bytes", "3MiB", "--tensors", "2", "--seed", "2");
    byte[] a = bytes("a");
    assertThat(bytes("b")).isEqualTo(a);
    assertThat(bytes("c")).hasSameSizeAs(a).isNotEqualTo(a);
  }

  @Test
  void bytesLookRandomAndFloatsAreFinite() throws IOException {
    make("m", "--bytes", "1MiB", "--dtype", "F32");
    ByteBuffer data = ByteBuffer.wrap(bytes("m")).order(ByteOrder.LITTLE_ENDIAN);
    data.position((int) header("m/model.safetensors").dataOffset());
    Set<Float> distinct = new HashSet<>();
    while (data.hasRemaining()) {
      distinct.add(data.getFloat());
    }
    assertThat(distinct).allMatch(value -> Math.abs(value) < 2).hasSizeGreaterThan(260_000);
  }

  @Test
  void tensorsHaveTwoDimensionsWhereTheyCan() throws IOException {
    make("m", "--bytes", "2MiB", "--tensors", "2");
    assertThat(header("m/model.safetensors").tensors())
        .extracting(tensor -> tensor.shape().toString())
        .containsOnly("[128, 4096]");
  }

  @Test
  void refusesMoreShardsThanTensors() {
    Fst fst = make("m", "--bytes", "64", "--shards", "2");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines())
        .containsExactly("fst: 1 tensors in 2 shards: want at least one in each");
  }

  @Test
  void aFileInThePlaceOfTheFolderIsOneLine() throws IOException {
    Files.createFile(folder.resolve("m"));
    Fst fst = make("m", "--bytes", "64");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.errLines()).hasSize(1).first().asString().contains(folder.resolve("m") + ": ");
  }

  private Fst make(String name, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("make", folder.resolve(name)));
    all.addAll(List.of(arguments));
    return Fst.run(all.toArray());
  }

  private SafetensorsHeader header(String file) throws IOException {
    return SafetensorsHeader.read(folder.resolve(file));
  }

  private byte[] bytes(String checkpoint) throws IOException {
    return Files.readAllBytes(folder.resolve(checkpoint).resolve("model.safetensors"));
  }

  private List<String> files(String checkpoint) {
    try (Stream<Path> files = Files.list(folder.resolve(checkpoint))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
