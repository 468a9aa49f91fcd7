// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.cli.Converters.Sizes;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizesTests {
  @ParameterizedTest
  @CsvSource({
    "0,0",
    "4096,4096",
    "7B,7",
    "3kB,3000",
    "512MB,512000000",
    "4GiB,4294967296",
    "4gib,4294967296",
    "1TiB,1099511627776",
    "9223372036854775807,9223372036854775807"
  })
  void readsSizes(String text, long bytes) {
    assertThat(new Sizes().convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "GiB", "-1", "1.5GiB", "4 GiB", "4G", "9223372036854775808", "9000000TiB"})
  void refusesOtherTexts(String text) {
    assertThatThrownBy(() -> new Sizes().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'");
  }
}
