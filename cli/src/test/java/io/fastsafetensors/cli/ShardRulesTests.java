// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ShardRulesTests {
  @ParameterizedTest
  @CsvSource({
    "a0=1,a0,true",
    "a0=1,a00,false",
    "layers.*weight=0,layers.0.weight,true",
    "layers.*weight=0,layers.0.bias,false",
    "a[0=2,a[0,true",
    "x=y=3,x=y,true"
  })
  void matchesNamesAndExpressions(String rule, String tensor, boolean matches) {
    assertThat(rule(rule).matches(tensor)).isEqualTo(matches);
  }

  @Test
  void readsTheDimension() {
    assertThat(rule("x=y=12").dim()).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a=", "a=-1", "a=b", "a=1.5"})
  void refusesOtherTexts(String text) {
    assertThatThrownBy(() -> rule(text)).isInstanceOf(TypeConversionException.class);
  }

  @Test
  void everyRuleMustMatchSomething() {
    ShardRules rules = new ShardRules(List.of(rule("a.*=0"), rule("b=1")));
    rules.checkAgainst(List.of("a1", "b"));
    assertThatThrownBy(() -> rules.checkAgainst(List.of("a1", "c")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("b=1");
  }

  @Test
  void readsFilesOfARank() {
    assertThat(new RankFiles.Converter().convert("3=a,/b/c=d"))
        .isEqualTo(new RankFiles(3, List.of(Path.of("a"), Path.of("/b/c=d"))));
    for (String text : List.of("a", "=a", "x=a", "-1=a")) {
      assertThatThrownBy(() -> new RankFiles.Converter().convert(text))
          .isInstanceOf(TypeConversionException.class);
    }
  }

  private static ShardRule rule(String text) {
    return new ShardRule.Converter().convert(text);
  }
}
