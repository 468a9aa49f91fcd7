// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.rendezvous;

import io.fastsafetensors.internal.rendezvous.Frame.Brought;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An exchange that not all have brought their messages to; used under a lock but for the wait. */
final class Gathering {
  private final List<Integer> members;
  private final Duration timeout;
  private final Map<Integer, byte[]> messages = new HashMap<>();
  private final CountDownLatch over = new CountDownLatch(1);

  Gathering(Brought first) {
    members = first.members();
    timeout = Duration.ofNanos(first.timeoutNanos());
  }

  List<Integer> members() {
    return members;
  }

  Duration timeout() {
    return timeout;
  }

  void bring(int rank, byte[] message) {
    messages.put(rank, message);
    if (messages.size() == members.size()) {
      over.countDown();
    }
  }

  /** Returns the ranks that have not brought theirs. */
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
