// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.benchmarks.Results.Spread;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the library wants to reach: how many times as fast as something else.
 *
 * @param state the state of the page cache
 * @param way the name of the library's way
 * @param others the names of what it is compared with, or how such names begin of which the
 *     quickest counts; of several, the slowest counts
 * @param least the least ratio of the speeds
 */
record Goal(CacheState state, String way, List<String> others, double least) {
  /** A way that both ends of a comparison were timed of. */
  private record Timed(String name, List<Long> nanos) {
    long median() {
      return Spread.median(nanos);
    }
  }

  /**
   * What came of a goal.
   *
   * @param other what the way was compared with
   * @param ratios of the speeds in each round
   */
  record Result(String other, List<Double> ratios) {}

  Goal(CacheState state, String way, String other, double least) {
    this(state, way, List.of(other), least);
  }

  /** The goals of loads to host memory. */
  static final List<Goal> OF_HOST =
      List.of(
          new Goal(CacheState.WARM, "fst posix copied", PlainWays.READ_NATIVE, 4),
          new Goal(CacheState.WARM, "fst posix copied", PlainWays.POPULATE_READ, 0.8),
          new Goal(CacheState.WARM, "fst posix copied, pooled", PlainWays.READ_POPULATED, 0.8),
          new Goal(CacheState.WARM, "fst posix copied, recorded", "fst posix copied", 0.95),
          new Goal(CacheState.COLD, "fst posix copied, recorded", "fst posix copied", 0.98),
          new Goal(CacheState.WARM, "fst posix auto", PlainWays.MAP_POPULATE, 0.9),
          new Goal(CacheState.WARM_SMALL, "fst posix auto", PlainWays.MAP_POPULATE, 0.9),
          new Goal(CacheState.WARM_SMALL, "fst posix mapped", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.WARM, "fst cpu copied", PlainWays.READ_NATIVE, 1),
          new Goal(CacheState.WARM, "fst cpu mapped", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.WARM, "fst posix mapped", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.COLD, "fst posix copied", DiskLimit.FIO_NAME, 0.95),
          new Goal(CacheState.COLD, "fst posix copied", DiskLimit.NAME, 0.95),
          new Goal(CacheState.COLD, "fst posix copied", DiskLimit.NEW_MEMORY, 0.95),
          new Goal(CacheState.COLD, "fst posix copied, pooled", DiskLimit.NAME, 0.95),
          new Goal(CacheState.COLD, "fst posix copied", PlainWays.MAP_TOUCH, 1),
          new Goal(CacheState.COLD_128K, "fst posix copied", PlainWays.MAP_TOUCH, 1.7),
          new Goal(CacheState.HALF, "fst posix copied", FstWays.otherHalfOf("posix"), 1),
          new Goal(CacheState.HALF, "fst posix auto", FstWays.otherHalfOf("posix"), 1));

  /** Returns the goal beside another program: to be as fast, into the same kind of memory. */
  static Goal beside(Way peer, Device device, CacheState state) {
    String way =
        peer.whole()
            ? "fst posix " + (peer.name().contains("mapped") ? "auto" : "copied")
            : FstWays.firstTensorOf("posix");
    return new Goal(state, device.isCpu() ? way : DeviceWays.load("posix", device), peer.name(), 1);
  }

  /** Returns the goals of loads to another device: near to the smaller of two limits. */
  static List<Goal> of(Device device) {
    String copies = DeviceWays.limit(device);
    return Arrays.stream(new String[] {"posix", "gds"})
        .map(backend -> DeviceWays.load(backend, device))
        .flatMap(way ->
            List.of(
                new Goal(CacheState.WARM, way, List.of(copies, PlainWays.READ_POPULATED), 0.9),
                new Goal(CacheState.COLD, way, List.of(copies, DiskLimit.NAME), 0.9))
                .stream())
        .toList();
  }

  /** Compares round by round; empty unless the way and all others were timed. */
  Optional<Result> result(Map<Way, List<Long>> nanos) {
    List<Timed> limits = others.stream().flatMap(name -> quickest(nanos, name).stream()).toList();
    Optional<Timed> ours =
        nanos.entrySet().stream()
            .filter(entry -> entry.getKey().name().equals(way))
            .map(entry -> new Timed(way, entry.getValue()))
            .findFirst();
    if (ours.isEmpty() || limits.size() < others.size()) {
      return Optional.empty();
    }
    Timed limit = limits.stream().max(Comparator.comparingLong(Timed::median)).orElseThrow();
    return Optional.of(new Result(limit.name, ratios(ours.get().nanos, limit.nanos)));
  }

  /** Finds the way of that name, or else the quickest of those whose names begin so. */
  private static Optional<Timed> quickest(Map<Way, List<Long>> nanos, String name) {
    boolean exact = nanos.keySet().stream().anyMatch(way -> way.name().equals(name));
    return nanos.entrySet().stream()
        .filter(entry ->
            exact ? entry.getKey().name().equals(name) : entry.getKey().name().startsWith(name))
        .map(entry -> new Timed(entry.getKey().name(), entry.getValue()))
        .min(Comparator.comparingLong(Timed::median));
  }

  private static List<Double> ratios(List<Long> ours, List<Long> theirs) {
    return IntStream.range(0, Math.min(ours.size(), theirs.size()))
        .mapToObj(round -> (double) theirs.get(round) / ours.get(round))
        .toList();
  }
}
