// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * What was measured of a program.
 *
 * @param loadNanos from a runtime that has started to weights that are in it
 * @param firstNanos from the start of the process to its first result
 * @param peakBytes the most memory that was resident
 */
record Figures(long loadNanos, long firstNanos, long peakBytes) {
  static final String HEADING =
      String.format("%-52s %12s %12s %13s%n", "", "load", "first result", "peak memory");

  /** Returns the median of each figure. */
  static Figures median(List<Figures> rounds) {
    return new Figures(
        median(rounds, Figures::loadNanos),
        median(rounds, Figures::firstNanos),
        median(rounds, Figures::peakBytes));
  }

  private static long median(List<Figures> rounds, ToLongFunction<Figures> figure) {
    return rounds.stream().mapToLong(figure).sorted().skip(rounds.size() / 2).findFirst().orElse(0);
  }

  /** Returns a line of a table with that heading. */
  String row(String variant) {
    return String.format(
        Locale.ROOT,
        "%-52s %9.1f ms %9.0f ms %9.0f MiB%n",
        variant,
        loadNanos / 1e6,
        firstNanos / 1e6,
        peakBytes / 1048576.0);
  }
}
