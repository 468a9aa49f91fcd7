// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.Round.Waiter;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the ranks of one process meet. One lock guards everything here and in the rounds and
 * offers: it is never held while bytes are copied.
 */
final class LocalHub {
  /**
   * A pair of ranks.
   *
   * @param sender the rank that sends
   * @param receiver the rank that receives
   */
  record Pair(int sender, int receiver) {}

  private final int size;
  private final Duration timeout;
  private final Map<Pair, Queue<Offer>> offers = new HashMap<>();
  private final boolean[] left;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Round firstRound;
  private int entered;
  private @Nullable Failure failure;
  private int copying;
  private long copies;

  LocalHub(int size, Duration timeout) {
    this.size = size;
    this.timeout = timeout;
    this.firstRound = new Round(size);
    this.left = new boolean[size];
  }

  int size() {
    return size;
  }

  Duration timeout() {
    return timeout;
  }

  /** Lets a rank in; once all are, the round is theirs alone, as each round leads to the next. */
  Round enter() {
    return get(() -> {
      Round first = Objects.requireNonNull(firstRound, "all ranks are here already");
      entered++;
      firstRound = entered == size ? null : first;
      return first;
    });
  }

  /** Returns what one rank has sent to another; to be used under the lock. */
  Queue<Offer> offers(int sender, int receiver) {
    return offers.computeIfAbsent(new Pair(sender, receiver), pair -> new ArrayDeque<>());
  }

  /** Changes what others may wait for. */
  void change(Runnable action) {
    get(() -> {
      action.run();
      changed.signalAll();
      return true;
    });
  }

  /** Looks at what others may change. */
  <T extends @Nullable Object> T get(Supplier<T> question) {
    lock.lock();
    try {
      return question.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for other ranks. The time does not count while some rank copies: it makes progress, and
   * ends by itself.
   *
   * @param waiter the rank that waits, and in what
   * @param allowed how long
   * @param met whether the wait is over
   * @param missing the rank that is waited for
   * @throws CollectiveException if the group has failed, or does now because the rank is missing
   */
  void await(Waiter waiter, Duration allowed, BooleanSupplier met, IntSupplier missing)
      throws CollectiveException {
    lock.lock();
    try {
      Deadline deadline = Deadline.after(allowed);
      long seen = copies;
      while (!met.getAsBoolean()) {
        checkGoesOn(waiter, missing.getAsInt(), deadline);
        changed.awaitNanos(deadline.remainingNanos());
        if (copying > 0 || copies != seen) {
          deadline = Deadline.after(allowed);
          seen = copies;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new Failure(waiter.rank(), "was interrupted"));
      throw new CollectiveException(
          waiter.rank(), waiter.operation(), CollectiveException.NO_PEER, "interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  private void checkGoesOn(Waiter waiter, int missing, Deadline deadline)
      throws CollectiveException {
    if (failure == null && left[missing]) {
      fail(Failure.left(missing));
    } else if (failure == null && deadline.hasPassed()) {
      fail(new Failure(missing, "did not come within " + Amounts.duration(deadline.allowed())));
    }
    check(waiter);
  }

  /** Throws if the group has failed. */
  void check(Waiter waiter) throws CollectiveException {
    Failure reason = get(() -> failure);
    if (reason != null) {
      throw reason.seenBy(waiter.rank(), waiter.operation());
    }
  }

  /** Ends the group for all ranks; the first failure counts. */
  void fail(Failure reason) {
    change(() -> failure = failure == null ? reason : failure);
  }

  void leave(int rank) {
    change(() -> left[rank] = true);
  }

  /**
   * Copies, for as long as the group has not failed.
   *
   * @param waiter the rank that copies, and in what
   * @param offer what it copies from
   * @param copy the copy
   * @throws CollectiveException if the group has failed
   * @throws LoadException if the device fails
   */
  void copy(Waiter waiter, Offer offer, LocalCopy copy) throws LoadException {
    lock.lock();
    try {
      check(waiter);
      copying++;
      offer.begin();
    } finally {
      lock.unlock();
    }
    try {
      copy.run(() -> check(waiter));
    } finally {
      change(() -> {
        copying--;
        copies++;
        offer.end();
      });
    }
  }

  /** Waits until nobody copies from an offer any more: each copy ends by itself. */
  void drain(Offer offer) {
    lock.lock();
    try {
      while (offer.isBeingCopied()) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
