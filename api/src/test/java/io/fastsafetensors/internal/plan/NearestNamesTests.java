// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was probably meant. */
class NearestNamesTests {
  private static final List<String> TYPES = List.of("cpu", "cuda");

  @ParameterizedTest
  @ValueSource(strings = {"cdua", "cud", "cudaa", "cuxa", "ucda"})
  void swappedNeighboursAreOneSlipAsAnyOther(String mistyped) {
    assertThat(NearestNames.suggestion(mistyped, TYPES)).isEqualTo("did you mean 'cuda'?");
  }

  @Test
  void whatIsFarFromAllNamesThemAll() {
    assertThat(NearestNames.suggestion("abacus", TYPES)).isEqualTo("there are: cpu, cuda");
  }

  @Test
  void theNearestComeFirst() {
    assertThat(NearestNames.hint("wieght", List.of("bias", "weights", "weight")))
        .isEqualTo("; the nearest of 3: 'weight', 'weights', 'bias'");
    assertThat(NearestNames.globHint("layres.*", List.of("norm", "head", "tok", "layers.0.w")))
        .startsWith("; the nearest of 4: 'layers.0.w', ");
  }
}
