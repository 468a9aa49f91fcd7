// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.text;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the values of settings, the same from a command line, a program, the environment and a
 * file. Blanks around a value don't count.
 *
 * <p>Thread-safe; none blocks. Each throws an {@code IllegalArgumentException} that quotes the text
 * and says what is wanted; who calls adds the name of the setting.
 *
 * @since 0.1
 */
public final class SettingValues {
  private static final Pattern SIZE = Pattern.compile("([0-9]+)([a-zA-Z]*)");
  private static final Pattern MILLIS = Pattern.compile("([0-9]{1,15})ms");
  private static final Duration LONGEST = Duration.ofDays(36_500);
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

  private SettingValues() {}

  /**
   * Reads a switch.
   *
   * @param text {@code true} or {@code 1}, {@code false} or {@code 0}, in any case
   * @return whether it is on
   * @throws IllegalArgumentException if it is something else
   */
  public static boolean flag(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw wrong(text, "no switch: want true or false");
    };
  }

  /**
   * Reads a whole number.
   *
   * @param text decimal digits, with a sign or without
   * @param min the least that is allowed
   * @param max the most that is allowed
   * @return the number
   * @throws IllegalArgumentException if it is none, or out of range
   */
  public static long integer(String text, long min, long max) {
    try {
      return inRange(text, Long.parseLong(text.strip()), min, max);
    } catch (NumberFormatException e) {
      throw wrong(text, "no number: want " + range(min, max));
    }
  }

  /**
   * Reads a size in bytes, such as {@code 4096}, {@code 512MB} (10^6) and {@code 4GiB} (2^30).
   *
   * @param text digits, and a unit or none, in any case
   * @return the size in bytes
   * @throws IllegalArgumentException if it is none, or more than 2^63 - 1
   */
  public static long bytes(String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    Long unit = matcher.matches() ? UNITS.get(matcher.group(2).toUpperCase(Locale.ROOT)) : null;
    if (unit == null) {
      throw wrong(text, "not a size: want bytes, or a unit as in 512MB or 4GiB");
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    } catch (ArithmeticException | NumberFormatException e) {
      throw wrong(text, "too large: want at most 2^63 - 1 bytes");
    }
  }

  /**
   * Reads a size in bytes that has bounds.
   *
   * @param text as {@link #bytes(String)} takes it
   * @param min the least that is allowed
   * @param max the most that is allowed
   * @return the size in bytes
   * @throws IllegalArgumentException if it is none, or out of range
   */
  public static long bytes(String text, long min, long max) {
    return inRange(text, bytes(text), min, max);
  }

  /**
   * Reads a duration, such as {@code 250ms}, {@code 90s}, {@code 5m} or {@code 1h30m}.
   *
   * @param text numbers with units; a bare number is seconds
   * @return the duration
   * @throws IllegalArgumentException if it is none
   */
  public static Duration duration(String text) {
    String stripped = text.strip().toLowerCase(Locale.ROOT);
    Matcher millis = MILLIS.matcher(stripped);
    if (millis.matches()) {
      return Duration.ofMillis(Long.parseLong(millis.group(1)));
    }
    String withUnit = stripped.matches("[0-9.]+") ? stripped + "s" : stripped;
    try {
      return Duration.parse("PT" + withUnit.toUpperCase(Locale.ROOT));
    } catch (DateTimeParseException e) {
      throw wrong(text, "not a duration: want seconds, or a unit as in 250ms, 90s, 5m or 1h30m");
    }
  }

  /**
   * Reads a duration above zero, of at most 100 years.
   *
   * @param text as {@link #duration} takes it
   * @return the duration
   * @throws IllegalArgumentException if it is none, or out of range
   */
  public static Duration positiveDuration(String text) {
    Duration duration = duration(text);
    if (!duration.isPositive()) {
      throw wrong(
          text, "not more than nothing: want seconds above 0, or a unit as in 250ms, 90s or 1h30m");
    }
    if (duration.compareTo(LONGEST) > 0) {
      throw wrong(text, "out of range: want at most 100 years");
    }
    return duration;
  }

  /**
   * Reads one of several words.
   *
   * @param <E> the type of the values
   * @param text the name of one, in any case
   * @param values those that may be chosen
   * @return the value
   * @throws IllegalArgumentException if it is none of them
   */
  public static <E extends Enum<E>> E choice(String text, E[] values) {
    return Arrays.stream(values)
        .filter(value -> value.name().equalsIgnoreCase(text.strip()))
        .findFirst()
        .orElseThrow(() -> wrong(text, "no such word: want one of " + words(values)));
  }

  /**
   * Writes a value as {@link #choice} reads it.
   *
   * @param value the value
   * @return its name in lower case
   */
  public static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Writes several values.
   *
   * @param values the values
   * @return their names in lower case, with commas between them
   */
  public static String words(Enum<?>[] values) {
    return Arrays.stream(values).map(SettingValues::word).collect(Collectors.joining(", "));
  }

  /**
   * Reads a list.
   *
   * @param text parts with commas between them
   * @return the parts without the blanks around them; none for a blank text
   * @throws IllegalArgumentException if one of several parts is blank
   */
  public static List<String> list(String text) {
    List<String> parts = new ArrayList<>();
    if (!text.isBlank()) {
      for (String part : text.split(",", -1)) {
        if (part.isBlank()) {
          throw wrong(text, "no list: want something before and after each comma");
        }
        parts.add(part.strip());
      }
    }
    return List.copyOf(parts);
  }

  private static long inRange(String text, long value, long min, long max) {
    if (value < min || value > max) {
      throw wrong(text, "out of range: want " + range(min, max));
    }
    return value;
  }

  /**
   * Writes the bounds of a number.
   *
   * @param min the least that is allowed
   * @param max the most that is allowed
   * @return such as {@code 1 to 1024}, or {@code at least 1} where there is no other bound
   */
  public static String range(long min, long max) {
    return max == Long.MAX_VALUE ? "at least " + min : min + " to " + max;
  }

  private static IllegalArgumentException wrong(String text, String what) {
    return new IllegalArgumentException("'" + text + "' is " + what);
  }
}
