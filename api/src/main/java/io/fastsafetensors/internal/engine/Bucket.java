// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Requests that one exchange serves: neighbours with the same owner, all whole or all cut, so that
 * many small tensors cost few exchanges.
 *
 * @param requests the requests, at least one
 * @param cached true if the cache has them and nothing is exchanged
 */
record Bucket(List<Request> requests, boolean cached) {
  /** Above this an exchange takes so long that its start doesn't matter, in bytes. */
  private static final long FULL = 16 << 20;

  /** Splits requests into buckets, in order; every rank gets the same. */
  static List<Bucket> split(List<Request> requests, Predicate<Request> isCached) {
    List<Bucket> buckets = new ArrayList<>();
    List<Request> current = new ArrayList<>();
    for (Request request : requests) {
      if (!current.isEmpty() && !fits(current, request, isCached)) {
        buckets.add(new Bucket(List.copyOf(current), isCached.test(current.getFirst())));
        current.clear();
      }
      current.add(request);
    }
    if (!current.isEmpty()) {
      buckets.add(new Bucket(List.copyOf(current), isCached.test(current.getFirst())));
    }
    return buckets;
  }

  private static boolean fits(List<Request> current, Request next, Predicate<Request> isCached) {
    Request first = current.getFirst();
    long bytes = current.stream().mapToLong(Request::wholeBytes).sum() + next.wholeBytes();
    return first.owner() == next.owner()
        && first.isWhole() == next.isWhole()
        && isCached.test(first) == isCached.test(next)
        && bytes <= FULL;
  }

  int owner() {
    return requests.getFirst().owner();
  }

  boolean isWhole() {
    return requests.getFirst().isWhole();
  }
}
