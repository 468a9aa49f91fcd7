// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.format.DType;
import org.junit.jupiter.api.Test;

class TensorOptionsTests {
  @Test
  void aCutIsWholeOrAShard() {
    assertThat(Part.whole().isWhole()).isTrue();
    assertThat(Part.whole().shardDim()).isEmpty();
    assertThat(Part.shard(0).isWhole()).isFalse();
    assertThat(Part.shard(2).shardDim()).hasValue(2);
    assertThat(Part.whole()).hasToString("whole");
    assertThat(Part.shard(2)).hasToString("shard of dimension 2");
  }

  @Test
  void aDimensionIsNotNegative() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Part.shard(-1))
        .withMessage("dimension -1: want 0 or more");
  }

  @Test
  void equalOnesAreEqual() {
    assertThat(Part.shard(1)).isEqualTo(Part.shard(1)).hasSameHashCodeAs(Part.shard(1));
    assertThat(Part.shard(1)).isNotEqualTo(Part.shard(0)).isNotEqualTo(Part.whole());
    TensorOptions options = TensorOptions.of(Part.shard(1), DType.F32);
    assertThat(options)
        .isEqualTo(TensorOptions.builder().dtype(DType.F32).part(Part.shard(1)).build())
        .hasSameHashCodeAs(TensorOptions.of(Part.shard(1), DType.F32))
        .isNotEqualTo(TensorOptions.of(Part.shard(1)))
        .isNotEqualTo(TensorOptions.of(DType.F32));
    assertThat(TensorOptions.of(Part.whole())).isEqualTo(TensorOptions.defaults());
  }

  @Test
  void aBuilderStartsFromWhatIsThere() {
    TensorOptions options = TensorOptions.of(Part.shard(1), DType.F32);
    assertThat(options.toBuilder().build()).isEqualTo(options);
    assertThat(options.toBuilder().part(Part.whole()).build())
        .isEqualTo(TensorOptions.of(DType.F32))
        .hasToString("whole as F32");
    assertThat(TensorOptions.defaults().toBuilder().build()).isEqualTo(TensorOptions.defaults());
  }
}
