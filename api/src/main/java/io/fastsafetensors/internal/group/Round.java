// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One call that all ranks take part in, and what each brought to it; used under the hub's lock. */
final class Round {
  private final @Nullable Object[] brought;
  private final Map<Integer, LocalHub> subgroups = new HashMap<>();
  private @Nullable Waiter first;
  private @Nullable Round next;

  Round(int size) {
    brought = new Object[size];
  }

  /** Brings something, unless the rank that came first is in another call. */
  void bring(Waiter waiter, Object thing) {
    if (first == null) {
      first = waiter;
    }
    if (first.operation().equals(waiter.operation())) {
      brought[waiter.rank()] = thing;
    }
  }

  /** Returns the rank that came first. */
  Waiter first() {
    return Objects.requireNonNull(first);
  }

  boolean has(int rank) {
    return brought[rank] != null;
  }

  Object of(int rank) {
    return Objects.requireNonNull(brought[rank]);
  }

  /** Returns the first rank that is not here; their number if all are. */
  int missing() {
    int rank = 0;
    while (rank < brought.length && has(rank)) {
      rank++;
    }
    return rank;
  }

  boolean isComplete() {
    return missing() == brought.length;
  }

  Round next() {
    if (next == null) {
      next = new Round(brought.length);
    }
    return next;
  }

  /** Returns the hub of the ranks of a color; the first that asks makes it. */
  LocalHub subgroup(int color, Supplier<LocalHub> hub) {
    return subgroups.computeIfAbsent(color, c -> hub.get());
  }

  /**
   * A rank in a call.
   *
   * @param rank the rank
   * @param operation the call's name
   */
  record Waiter(int rank, String operation) {}
}
