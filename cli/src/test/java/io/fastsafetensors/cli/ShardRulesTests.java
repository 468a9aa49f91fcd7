// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.cli.LoadArguments.RankFiles;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ShardRulesTests {
  @TempDir private Path folder;

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
  void everyRuleMustMatchSomethingAndTheNearestIsNamed() throws IOException {
    Path file = folder.resolve("a.safetensors");
    Samples.write(file, "weight", DType.F32, Shape.of(4));
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.load()) {
      new ShardRules(List.of(rule("wei.*=0"))).checkAgainst(buffer);
      ShardRules mistyped = new ShardRules(List.of(rule("wei.*=0"), rule("wieght=1")));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> mistyped.checkAgainst(buffer))
          .withMessage("--shard wieght=1: no tensor 'wieght'; the nearest of 1: 'weight'");
    }
  }

  @Test
  void readsFilesOfARank() {
    assertThat(RankFiles.parse("3=a,/b/c=d", new PathArguments()))
        .isEqualTo(new RankFiles(3, List.of(Path.of("a"), Path.of("/b/c=d"))));
    for (String text : List.of("a", "=a", "x=a", "-1=a")) {
      assertThatThrownBy(() -> RankFiles.parse(text, new PathArguments()))
          .isInstanceOf(TypeConversionException.class);
    }
  }

  private static ShardRule rule(String text) {
    return new ShardRule.Converter().convert(text);
  }
}
