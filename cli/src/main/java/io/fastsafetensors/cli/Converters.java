// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.toolkit.text.SettingValues;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Read values of options as settings have them. */
final class Converters {
  private Converters() {}

  /** Reads sizes in bytes, such as {@code 4096}, {@code 512MB} (10^6) and {@code 4GiB} (2^30). */
  static final class Sizes implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      try {
        return SettingValues.bytes(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** Reads durations such as {@code 90s}, {@code 5m}, {@code 1h30m}; a bare number is seconds. */
  static final class Timeouts implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      try {
        return SettingValues.duration(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
