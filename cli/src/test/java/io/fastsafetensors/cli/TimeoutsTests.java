// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.cli.Converters.Timeouts;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeoutsTests {
  @ParameterizedTest
  @CsvSource({"90,90000", "90s,90000", "0.5,500", "5m,300000", "1h30m,5400000"})
  void readsDurations(String text, long millis) {
    assertThat(new Timeouts().convert(text)).hasMillis(millis);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "5 m", "1d"})
  void refusesOtherTexts(String text) {
    assertThatThrownBy(() -> new Timeouts().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
