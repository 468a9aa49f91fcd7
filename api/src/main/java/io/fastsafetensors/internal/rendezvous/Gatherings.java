// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.rendezvous;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.internal.rendezvous.Frame.Brought;
import io.fastsafetensors.internal.rendezvous.Frame.Gathered;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The exchanges of all groups that are under way, at rank 0. Thread-safe. */
final class Gatherings {
  private final Map<Call, Gathering> pending = new HashMap<>();
  private final Set<Integer> left = new HashSet<>();
  private final Outcome outcome;

  /** Where exchanges end. */
  interface Outcome {
    /** Sends everyone's messages to all members. */
    void complete(List<Integer> members, Gathered gathered);

    /** Learns that somebody was waited for long enough. */
    void late(Failure lateness);

    /** Learns that somebody is waited for who left. */
    void impossible(Failure failure);
  }

  Gatherings(Outcome outcome) {
    this.outcome = outcome;
  }

  void bring(int rank, Brought brought) {
    Gathering gathering = add(rank, brought);
    if (isComplete(gathering)) {
      outcome.complete(gathering.members(), new Gathered(brought.call(), gathering.all()));
    } else {
      failIfWaitingForNobody();
    }
  }

  private synchronized Gathering add(int rank, Brought brought) {
    Gathering gathering = pending.computeIfAbsent(brought.call(), call -> start(brought));
    gathering.bring(rank, brought.message());
    if (isComplete(gathering)) {
      pending.remove(brought.call());
    }
    return gathering;
  }

  private synchronized boolean isComplete(Gathering gathering) {
    return gathering.missing().isEmpty();
  }

  private Gathering start(Brought first) {
    Gathering gathering = new Gathering(first);
    Thread.ofVirtual().name("fst-rendezvous-timer").start(() -> watch(gathering));
    return gathering;
  }

  private void watch(Gathering gathering) {
    try {
      if (!gathering.awaitOver()) {
        List<Integer> missing = missing(gathering);
        String who = missing.size() == 1 ? "" : " (of ranks " + missing + ")";
        outcome.late(
            new Failure(missing.getFirst(), "did not come within " + gathering.timeout() + who));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized List<Integer> missing(Gathering gathering) {
    return gathering.missing();
  }

  void leave(int rank) {
    synchronized (this) {
      left.add(rank);
    }
    failIfWaitingForNobody();
  }

  private void failIfWaitingForNobody() {
    missingForEver().ifPresent(rank -> outcome.impossible(new Failure(rank, "left the group")));
  }

  private synchronized Optional<Integer> missingForEver() {
    return pending.values().stream()
        .flatMap(gathering -> gathering.missing().stream())
        .filter(left::contains)
        .findFirst();
  }

  /** Gives up all, so that nobody watches them any more. */
  synchronized void clear() {
    pending.values().forEach(Gathering::giveUp);
    pending.clear();
  }
}
