// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What all ranks needed to get their parts once.
 *
 * @param start when they began, by the clock that all processes of a host share
 * @param ranks what each needed
 * @param host what the host counted meanwhile
 */
record RankRun(long start, List<RankUsage> ranks, HostCounters host) {
  private static final double NANOS_PER_MILLI = 1e6;

  /** Returns when the last rank had its parts. */
  double givenMillis() {
    return millis(RankUsage::given);
  }

  /** Returns when the last rank had also read each page of its parts. */
  double touchedMillis() {
    return millis(RankUsage::touched);
  }

  private double millis(ToLongFunction<RankUsage> end) {
    return (most(end) - start) / NANOS_PER_MILLI;
  }

  /** Returns the largest of the ranks' numbers. */
  long most(ToLongFunction<RankUsage> number) {
    return ranks.stream().mapToLong(number).max().orElseThrow();
  }
}
