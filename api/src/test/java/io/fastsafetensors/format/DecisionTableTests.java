// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reader decides about each file of the table as the rule book says. */
class DecisionTableTests {
  @TempDir private Path folder;

  static Stream<HeaderCase> cases() {
    return Stream.of(FileCases.all().stream(), JsonCases.all(), EntryCases.all(), LayoutCases.all())
        .flatMap(s -> s);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void decidesAsTheRuleBookSays(HeaderCase headerCase) throws IOException {
    Path path = Files.write(folder.resolve("case.safetensors"), headerCase.file());
    if (headerCase.rule() == null) {
      assertThatNoException().isThrownBy(() -> SafetensorsHeader.read(path));
      return;
    }
    HeaderFormatException fault =
        catchThrowableOfType(HeaderFormatException.class, () -> SafetensorsHeader.read(path));
    assertThat(fault).isNotNull();
    assertThat(fault.rule()).isEqualTo(headerCase.rule());
    assertThat(fault.path()).isEqualTo(path);
    assertThat(fault.byteOffset()).isBetween(0L, (long) headerCase.file().length);
    assertThat(fault)
        .hasMessageStartingWith(path + ": " + headerCase.rule().referenceName() + " at byte ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void namesEachCaseOnce() {
    assertThat(cases().collect(Collectors.groupingBy(HeaderCase::name, Collectors.counting())))
        .hasSizeGreaterThan(250)
        .allSatisfy((_, count) -> assertThat(count).isEqualTo(1));
  }
}
