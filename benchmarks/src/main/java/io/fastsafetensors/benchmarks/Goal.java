// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * What the library wants to reach: how many times as fast as something else.
 *
 * @param state the state of the page cache
 * @param way the name of the library's way
 * @param other the name of what it is compared with, or how all names begin of which the quickest
 *     counts
 * @param least the least ratio of the speeds
 */
record Goal(CacheState state, String way, String other, double least) {
  /** All goals. */
  static final List<Goal> ALL =
      List.of(
          new Goal(CacheState.WARM, "fst posix copied", PlainWays.READ_NATIVE, 4),
          new Goal(CacheState.WARM, "fst posix copied", PlainWays.POPULATE_READ, 0.8),
          new Goal(CacheState.WARM, "fst posix copied, pooled", PlainWays.READ_POPULATED, 0.8),
          new Goal(CacheState.WARM, "fst posix auto", PlainWays.MAP_POPULATE, 0.9),
          new Goal(CacheState.WARM, "fst cpu copied", PlainWays.READ_NATIVE, 1),
          new Goal(CacheState.WARM, "fst cpu mapped", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.COLD, "fst posix copied", DiskLimit.NAME, 0.95),
          new Goal(CacheState.COLD, "fst posix copied, pooled", DiskLimit.NAME, 0.95),
          new Goal(CacheState.COLD, "fst posix copied", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.COLD_128K, "fst posix copied", PlainWays.MAP_TOUCH, 1.7),
          new Goal(CacheState.HALF, "fst posix copied", FstWays.otherHalfOf("posix"), 1));

  /** Returns the goal beside another program: to be as fast, into the same kind of memory. */
  static Goal beside(Way peer, CacheState state) {
    String way =
        peer.whole()
            ? "fst posix " + (peer.name().contains("mapped") ? "auto" : "copied")
            : FstWays.firstTensorOf("posix");
    return new Goal(state, way, peer.name(), 1);
  }

  /** Tells the ratio of each round's speeds; empty unless both ways were timed. */
  List<Double> ratios(Map<Way, List<Long>> nanos) {
    List<Long> ours = times(nanos, way::equals);
    List<Long> theirs = times(nanos, name -> name.startsWith(other));
    return IntStream.range(0, Math.min(ours.size(), theirs.size()))
        .mapToObj(round -> (double) theirs.get(round) / ours.get(round))
        .toList();
  }

  private static List<Long> times(Map<Way, List<Long>> nanos, Predicate<String> name) {
    return nanos.entrySet().stream()
        .filter(entry -> name.test(entry.getKey().name()))
        .map(Map.Entry::getValue)
        .min((a, b) -> Long.compare(Spread.median(a), Spread.median(b)))
        .orElse(List.of());
  }
}
