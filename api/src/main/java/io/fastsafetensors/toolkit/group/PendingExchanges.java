// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import io.fastsafetensors.toolkit.group.Frame.ExchangeId;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.text.Amounts;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The exchanges of all groups that are under way, at rank 0. Thread-safe. */
final class PendingExchanges {
  private final Map<ExchangeId, PendingExchange> pending = new HashMap<>();
  private final Set<Integer> left = new HashSet<>();
  private final Listener listener;

  /** Learns how exchanges end. */
  interface Listener {
    /** Sends the messages of all members to each of them. */
    void complete(List<Integer> members, Gathered gathered);

    /** A rank is late. */
    void late(Failure lateness);

    /** A rank that others wait for has left. */
    void impossible(Failure failure);
  }

  PendingExchanges(Listener listener) {
    this.listener = listener;
  }

  void contribute(int rank, Contribution contribution) {
    PendingExchange exchange = exchange(rank, contribution);
    Optional<Failure> mismatch = exchange.mismatch(rank, contribution.operation());
    if (mismatch.isPresent()) {
      listener.impossible(mismatch.get());
    } else if (completes(exchange, rank, contribution)) {
      listener.complete(exchange.members(), new Gathered(contribution.exchange(), exchange.all()));
    } else {
      failIfWaitingForNobody();
    }
  }

  private synchronized PendingExchange exchange(int rank, Contribution contribution) {
    return pending.computeIfAbsent(contribution.exchange(), _ -> start(rank, contribution));
  }

  private synchronized boolean completes(
      PendingExchange exchange, int rank, Contribution contribution) {
    exchange.contribute(rank, contribution.message());
    return exchange.missing().isEmpty() && pending.remove(contribution.exchange(), exchange);
  }

  private PendingExchange start(int first, Contribution contribution) {
    PendingExchange exchange = new PendingExchange(first, contribution);
    Thread.ofVirtual().name("fastsafetensors-rendezvous-timer").start(() -> watch(exchange));
    return exchange;
  }

  private void watch(PendingExchange exchange) {
    try {
      if (!exchange.awaitOver()) {
        List<Integer> missing = missing(exchange);
        String who = missing.size() == 1 ? "" : " (of ranks " + missing + ")";
        listener.late(
            new Failure(
                missing.getFirst(),
                "did not come within " + Amounts.duration(exchange.timeout()) + who));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized List<Integer> missing(PendingExchange exchange) {
    return exchange.missing();
  }

  void leave(int rank) {
    synchronized (this) {
      left.add(rank);
    }
    failIfWaitingForNobody();
  }

  private void failIfWaitingForNobody() {
    missingForEver().ifPresent(rank -> listener.impossible(Failure.left(rank)));
  }

  private synchronized Optional<Integer> missingForEver() {
    return pending.values().stream()
        .flatMap(exchange -> exchange.missing().stream())
        .filter(left::contains)
        .findFirst();
  }

  /** Gives up all exchanges and their timers. */
  synchronized void clear() {
    pending.values().forEach(PendingExchange::giveUp);
    pending.clear();
  }
}
