// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.Parts;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated("changes the default locale")
class AmountsTests {
  @ParameterizedTest
  @CsvSource({
    "PT0S,0 s",
    "PT0.000000001S,1 ns",
    "PT0.0000015S,1.5 us",
    "PT0.001S,1 ms",
    "PT0.25S,250 ms",
    "PT0.9999999S,999.999 ms",
    "PT1S,1 s",
    "PT2.5S,2.5 s",
    "PT1M,1 min",
    "PT1M30.25S,1 min 30.25 s",
    "PT1H,1 h",
    "PT25H1S,1 d 1 h 1 s",
    "PT-2S,-2 s"
  })
  void durations(Duration duration, String text) {
    assertThat(Amounts.duration(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "1023,1023 B",
    "1024,1.0 KiB",
    "1610612736,1.5 GiB",
    "9223372036854775807,8.0 EiB"
  })
  void bytesInBinaryUnits(long bytes, String text) {
    assertThat(Amounts.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1,1 byte", "1000,1000 bytes", "4294967296,4.0 GiB (4294967296 bytes)"})
  void bytesWithTheirNumber(long bytes, String text) {
    assertThat(Amounts.exactBytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "hi-IN-u-nu-deva", "de-DE", "tr-TR"})
  void numbersAreTheSameInEachLocale(String tag) {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag(tag));
      durations(Duration.ofMillis(62_500), "1 min 2.5 s");
      bytesWithTheirNumber(1610612736L, "1.5 GiB (1610612736 bytes)");
      assertThat(message()).contains("has no dimension 7: want 0 to 1");
    } finally {
      Locale.setDefault(before);
    }
  }

  private static String message() {
    try {
      return "" + new Parts("t", DType.F32, Shape.of(2, 3)).slice(Part.shard(7), 2, 0);
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  @Test
  void aMinuteIsNoFractionOfSeconds() {
    assertThat(Amounts.duration(Duration.ofSeconds(60).plusNanos(1))).isEqualTo("1 min");
  }
}
