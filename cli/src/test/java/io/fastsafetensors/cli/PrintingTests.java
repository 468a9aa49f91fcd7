// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintingTests {
  @Test
  void escapesWhatWouldBreakALineOrCommandTheTerminal() {
    assertThat(Printing.oneLine("a\nb\r\tc\u001b[2J\u009b\u0000é😀"))
        .isEqualTo("a\\nb\\r\\tc\\u001b[2J\\u009b\\u0000é😀");
  }

  @ParameterizedTest
  @CsvSource({"0,0.000", "0.00012345,1.23e-04", "0.0014,0.001", "12.34567,12.346"})
  void printsTinyNumbersNotAsZero(double value, String text) {
    assertThat(Printing.decimal(value)).isEqualTo(text);
  }
}
