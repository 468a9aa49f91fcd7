// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.format.DType;
import org.junit.jupiter.api.Test;

class TensorOptionsTests {
  @Test
  void aCutIsWholeOrAShard() {
    assertThat(Cut.whole().isWhole()).isTrue();
    assertThat(Cut.whole().shardDim()).isEmpty();
    assertThat(Cut.shard(0).isWhole()).isFalse();
    assertThat(Cut.shard(2).shardDim()).hasValue(2);
    assertThat(Cut.whole()).hasToString("whole");
    assertThat(Cut.shard(2)).hasToString("shard of dimension 2");
  }

  @Test
  void aDimensionIsNotNegative() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cut.shard(-1))
        .withMessage("dimension -1: want 0 or more");
  }

  @Test
  void equalOnesAreEqual() {
    assertThat(Cut.shard(1)).isEqualTo(Cut.shard(1)).hasSameHashCodeAs(Cut.shard(1));
    assertThat(Cut.shard(1)).isNotEqualTo(Cut.shard(0)).isNotEqualTo(Cut.whole());
    TensorOptions options = TensorOptions.of(Cut.shard(1), DType.F32);
    assertThat(options)
        .isEqualTo(TensorOptions.builder().dtype(DType.F32).cut(Cut.shard(1)).build())
        .hasSameHashCodeAs(TensorOptions.of(Cut.shard(1), DType.F32))
        .isNotEqualTo(TensorOptions.of(Cut.shard(1)))
        .isNotEqualTo(TensorOptions.of(DType.F32));
    assertThat(TensorOptions.of(Cut.whole())).isEqualTo(TensorOptions.defaults());
  }

  @Test
  void aBuilderStartsFromWhatIsThere() {
    TensorOptions options = TensorOptions.of(Cut.shard(1), DType.F32);
    assertThat(options.toBuilder().build()).isEqualTo(options);
    assertThat(options.toBuilder().cut(Cut.whole()).build())
        .isEqualTo(TensorOptions.of(DType.F32))
        .hasToString("whole as F32");
    assertThat(TensorOptions.defaults().toBuilder().build()).isEqualTo(TensorOptions.defaults());
  }
}
