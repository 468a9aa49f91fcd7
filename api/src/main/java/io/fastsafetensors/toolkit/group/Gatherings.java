// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Brought;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.text.Amounts;
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
    Gathering gathering = gathering(rank, brought);
    Optional<Failure> mismatch = gathering.mismatch(rank, brought.operation());
    if (mismatch.isPresent()) {
      outcome.impossible(mismatch.get());
    } else if (completes(gathering, rank, brought)) {
      outcome.complete(gathering.members(), new Gathered(brought.call(), gathering.all()));
    } else {
      failIfWaitingForNobody();
    }
  }

  private synchronized Gathering gathering(int rank, Brought brought) {
    return pending.computeIfAbsent(brought.call(), call -> start(rank, brought));
  }

  private synchronized boolean completes(Gathering gathering, int rank, Brought brought) {
    gathering.bring(rank, brought.message());
    return gathering.missing().isEmpty() && pending.remove(brought.call(), gathering);
  }

  private Gathering start(int first, Brought brought) {
    Gathering gathering = new Gathering(first, brought);
    Thread.ofVirtual().name("fastsafetensors-rendezvous-timer").start(() -> watch(gathering));
    return gathering;
  }

  private void watch(Gathering gathering) {
    try {
      if (!gathering.awaitOver()) {
        List<Integer> missing = missing(gathering);
        String who = missing.size() == 1 ? "" : " (of ranks " + missing + ")";
        outcome.late(
            new Failure(
                missing.getFirst(),
                "did not come within " + Amounts.duration(gathering.timeout()) + who));
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
    missingForEver().ifPresent(rank -> outcome.impossible(Failure.left(rank)));
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
