// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes in bytes, such as {@code 4096}, {@code 512MB} (10^6) and {@code 4GiB} (2^30). */
final class Sizes implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("([0-9]+)([a-zA-Z]*)");
  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("B", 1L),
          Map.entry("KB", 1_000L),
          Map.entry("MB", 1_000_000L),
          Map.entry("GB", 1_000_000_000L),
          Map.entry("TB", 1_000_000_000_000L),
          Map.entry("KIB", 1L << 10),
          Map.entry("MIB", 1L << 20),
          Map.entry("GIB", 1L << 30),
          Map.entry("TIB", 1L << 40));

  @Override
  public Long convert(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    Long unit = matcher.matches() ? UNITS.get(matcher.group(2).toUpperCase(Locale.ROOT)) : null;
    if (unit == null) {
      throw new TypeConversionException(
          "'" + text + "' is not a size: want bytes, or a unit as in 512MB or 4GiB");
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is more than 2^63 - 1 bytes");
    }
  }
}
