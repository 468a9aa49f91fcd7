// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads durations such as {@code 90s}, {@code 5m}, {@code 1h30m}; a bare number is seconds. */
final class Timeouts implements ITypeConverter<Duration> {
  @Override
  public Duration convert(String text) {
    String withUnit = text.matches("[0-9.]+") ? text + "s" : text;
    try {
      return Duration.parse("PT" + withUnit.toUpperCase(Locale.ROOT));
    } catch (DateTimeParseException e) {
      throw new TypeConversionException(
          "'" + text + "' is not a duration: want seconds, or a unit as in 90s, 5m or 1h30m");
    }
  }
}
