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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that ranks get in another type. */
class GroupConversionTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
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
              Tensor back = buffer.tensor("w", TensorOptions.of(DType.F32))) {
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
          Map<String, TensorOptions> wanted = new LinkedHashMap<>();
          wanted.put("w", TensorOptions.of(Part.shard(0), DType.F16));
          wanted.put("i", TensorOptions.of(DType.F16));
          Map<String, Tensor> all = buffer.all(wanted);
          assertThat(all.get("w").dtype()).isEqualTo(DType.F16);
          assertThat(all.get("w").byteSize()).isEqualTo(8 / size);
          assertThat(all.get("i").byteSize()).isEqualTo(8);
          assertThat(Samples.bytesOf(all.get("w"))).startsWith(0, 0x3C, 0, (byte) 0xC0);
          all.values().forEach(Tensor::close);
          Optional<Tensor> sent = buffer.send("w", 0, TensorOptions.of(DType.F64));
          assertThat(sent.isPresent()).isEqualTo(group.rank() == 0);
          sent.ifPresent(tensor -> assertThat(tensor.byteSize()).isEqualTo(32));
          sent.ifPresent(Tensor::close);
          try (Tensor joined =
                  buffer.concatenate(
                      List.of("w", "i"), 0, TensorOptions.of(Part.shard(0), DType.F32));
              Tensor shard = buffer.tensor("w", TensorOptions.of(Part.shard(0), DType.BF16))) {
            assertThat(joined.byteSize()).isEqualTo(32 / size);
            assertThat(shard.byteSize()).isEqualTo(8 / size);
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() -> buffer.tensor("w", TensorOptions.of(DType.F4)));
          return true;
        });
  }
}
