// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Globs match whole names. */
class NameFilterTests {
  @ParameterizedTest
  @CsvSource({
    "model.*, model.layers.0.weight, true",
    "model.*, xmodel.layers, false",
    "*.weight, model.layers.0.weight, true",
    "*.weight, model.layers.0.weights, false",
    "layers.?.bias, layers.7.bias, true",
    "layers.?.bias, layers.17.bias, false",
    "a+b(c), a+b(c), true",
    "a.c, abc, false",
    "*, anything, true",
    "'', x, false"
  })
  void matchesAsGlobsDo(String glob, String name, boolean expected) {
    assertThat(new NameFilter(List.of(glob)).test(name)).isEqualTo(expected);
  }

  @Test
  void wantsANameIfOneGlobDoesAndAllIfThereAreNone() {
    NameFilter two = new NameFilter(List.of("a*", "*z"));
    assertThat(List.of("ab", "yz", "m").stream().filter(two)).containsExactly("ab", "yz");
    assertThat(new NameFilter(List.of()).test("m")).isTrue();
  }

  @Test
  void matchesLineBreaksAndCharactersBeyondTheBasicPlane() {
    assertThat(new NameFilter(List.of("a*c")).test("a\nc")).isTrue();
    assertThat(new NameFilter(List.of("a?c")).test("a\uD83D\uDE00c")).isTrue();
    assertThat(new NameFilter(List.of("\uD83D\uDE00*")).test("\uD83D\uDE00")).isTrue();
    assertThat(new NameFilter(List.of("a\\E?")).test("a\\Ex")).isTrue();
  }
}
