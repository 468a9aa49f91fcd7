// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An exchange that still lacks the messages of some members. Guarded by a lock of the caller,
 * except for the wait.
 */
final class PendingExchange {
  private final int first;
  private final String operation;
  private final List<Integer> members;
  private final Duration timeout;
  private final Map<Integer, byte[]> messages = new HashMap<>();
  private final CountDownLatch over = new CountDownLatch(1);

  /** Starts an exchange with the contribution of its first rank. */
  PendingExchange(int first, Contribution contribution) {
    this.first = first;
    operation = contribution.operation();
    members = contribution.members();
    timeout = Duration.ofNanos(contribution.timeoutNanos());
  }

  /** Returns what is wrong when a rank is in another operation than the first. */
  Optional<Failure> mismatch(int rank, String other) {
    if (other.equals(operation)) {
      return Optional.empty();
    }
    if (other.equals(Rendezvous.CLOSE)) {
      return Optional.of(Failure.left(rank));
    }
    return Optional.of(
        operation.equals(Rendezvous.CLOSE)
            ? Failure.left(first)
            : Failure.otherCall(rank, other, first, operation));
  }

  List<Integer> members() {
    return members;
  }

  Duration timeout() {
    return timeout;
  }

  void contribute(int rank, byte[] message) {
    messages.put(rank, message);
    if (messages.size() == members.size()) {
      over.countDown();
    }
  }

  /** Returns the ranks that have not contributed. */
  List<Integer> missing() {
    return members.stream().filter(rank -> !messages.containsKey(rank)).toList();
  }

  /** Returns all messages in the order of the members, once none is missing. */
  List<byte[]> all() {
    return members.stream().map(rank -> Objects.requireNonNull(messages.get(rank))).toList();
  }

  void giveUp() {
    over.countDown();
  }

  /** Waits until the exchange is over; false if it takes too long. */
  boolean awaitOver() throws InterruptedException {
    return over.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }
}
