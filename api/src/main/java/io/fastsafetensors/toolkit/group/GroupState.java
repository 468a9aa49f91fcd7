// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Frame.ExchangeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What this rank knows of the group: whether it has started or failed, and the results of
 * exchanges. Threads of connections update it, callers wait for it.
 */
final class GroupState {
  /** The rank that a rank waits for if it waits for none. */
  static final int NOBODY = -1;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<ExchangeId, List<byte[]>> gathered = new HashMap<>();
  private final List<Runnable> onFailure = new ArrayList<>();
  private @Nullable Failure failure;
  private boolean started;
  private volatile int waitsFor = NOBODY;

  int waitsFor() {
    return waitsFor;
  }

  void setWaitsFor(int rank) {
    waitsFor = rank;
  }

  void start() {
    change(() -> started = true);
  }

  void gathered(ExchangeId exchange, List<byte[]> messages) {
    change(() -> gathered.put(exchange, messages));
  }

  private void change(Runnable action) {
    lock.lock();
    try {
      action.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the group; the first failure counts. */
  void fail(Failure reason) {
    List<Runnable> actions;
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = reason;
      changed.signalAll();
      actions = List.copyOf(onFailure);
    } finally {
      lock.unlock();
    }
    actions.forEach(Runnable::run);
  }

  /** Runs an action on failure, or now. */
  void onFailure(Runnable action) {
    lock.lock();
    try {
      if (failure == null) {
        onFailure.add(action);
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  Optional<Failure> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the group starts, fails, or is late: then false. */
  boolean awaitStart(Deadline deadline) throws InterruptedException {
    return await(() -> started, deadline);
  }

  /** Waits for everyone's messages; empty if the group fails or is late. */
  Optional<List<byte[]>> awaitGathered(ExchangeId exchange, Deadline deadline)
      throws InterruptedException {
    lock.lock();
    try {
      await(() -> gathered.containsKey(exchange), deadline);
      return Optional.ofNullable(gathered.remove(exchange));
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a failure that may be on its way. */
  Optional<Failure> awaitFailure(Deadline deadline) throws InterruptedException {
    await(() -> false, deadline);
    return failure();
  }

  private boolean await(BooleanSupplier met, Deadline deadline) throws InterruptedException {
    lock.lock();
    try {
      while (!met.getAsBoolean() && failure == null && !deadline.hasPassed()) {
        changed.awaitNanos(deadline.remainingNanos());
      }
      return met.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }
}
