// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.toolkit.text.SettingValues;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes in bytes, such as {@code 4096}, {@code 512MB} (10^6) and {@code 4GiB} (2^30). */
final class Sizes implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    try {
      return SettingValues.bytes(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
