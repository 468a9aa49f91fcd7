// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.text;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Durations and sizes as people read them, in messages and reports; the same in every locale.
 *
 * <p>Thread-safe; none blocks.
 *
 * @since 0.1
 */
public final class Amounts {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final long MINUTE = 60;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  private Amounts() {}

  /**
   * Writes a duration, as in {@code 250 ms}, {@code 1.5 s}, {@code 2 min 30 s} or {@code 1 h}.
   *
   * @param duration how long
   * @return its parts that are not 0, from days to seconds; below a second in one smaller unit
   */
  public static String duration(Duration duration) {
    if (duration.isNegative()) {
      return "-" + duration(duration.negated());
    }
    if (duration.isZero()) {
      return "0 s";
    }
    long seconds = duration.toSeconds();
    int nanos = duration.toNanosPart();
    if (seconds == 0) {
      return nanos >= 1_000_000
          ? decimal(nanos, 1_000_000) + " ms"
          : nanos >= 1_000 ? decimal(nanos, 1_000) + " us" : nanos + " ns";
    }
    List<String> parts = new ArrayList<>();
    add(parts, seconds / DAY, " d");
    add(parts, seconds % DAY / HOUR, " h");
    add(parts, seconds % HOUR / MINUTE, " min");
    String rest = decimal(seconds % MINUTE * 1_000_000_000 + nanos, 1_000_000_000);
    if (!rest.equals("0")) {
      parts.add(rest + " s");
    }
    return String.join(" ", parts);
  }

  private static void add(List<String> parts, long count, String unit) {
    if (count != 0) {
      parts.add(count + unit);
    }
  }

  /** Writes a fraction with the digits that count, three at most; cuts off the others. */
  private static String decimal(long numerator, long denominator) {
    long thousandths = numerator / (denominator / 1000);
    return BigDecimal.valueOf(thousandths, 3).stripTrailingZeros().toPlainString();
  }

  /**
   * Writes a size in the largest binary unit that it fills, as in {@code 512 B} or {@code 1.5 GiB}.
   *
   * @param bytes how many; from 2^63 on as a negative number is not allowed
   * @return the size, with one digit after the point if it is in a larger unit than bytes
   */
  public static String bytes(long bytes) {
    int unit = bytes <= 0 ? 0 : (Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes)) / 10;
    return unit == 0
        ? bytes + " B"
        : String.format(
            Locale.ROOT, "%.1f %s", Math.scalb((double) bytes, -10 * unit), UNITS[unit]);
  }

  /**
   * Writes a size with its exact number, as in {@code 4.0 GiB (4294967296 bytes)}.
   *
   * @param bytes how many
   * @return the size; below 1 KiB the number alone, as in {@code 12 bytes}
   */
  public static String exactBytes(long bytes) {
    String exact = bytes + (bytes == 1 ? " byte" : " bytes");
    return bytes < 1024 ? exact : bytes(bytes) + " (" + exact + ")";
  }
}
