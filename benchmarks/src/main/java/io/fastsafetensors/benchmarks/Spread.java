// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * What is told of the values of several rounds.
 *
 * @param median the middle one
 * @param lowest the lowest one
 * @param highest the highest one
 */
record Spread(double median, double lowest, double highest) {
  static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(Long.MAX_VALUE);
  }

  static Spread of(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return new Spread(sorted.get(sorted.size() / 2), sorted.getFirst(), sorted.getLast());
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%7.2f (%.2f to %.2f)", median, lowest, highest);
  }
}
