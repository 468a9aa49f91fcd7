// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Work that a thread of its own carries out in order, as late as possible: when somebody asks for
 * it, or when its delay is over.
 */
final class LateQueue implements AutoCloseable {
  private static final AtomicLong COUNT = new AtomicLong();

  /** How often the switches of the device are looked at while nobody asks for anything. */
  private static final long LOOK_AGAIN_NANOS = 1_000_000;

  private record Operation(String name, Runnable work, long queuedAt) {}

  private final SimDevice device;
  private final Thread worker;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Operation> waiting = new ArrayDeque<>();
  private long added;
  private long done;
  private long wanted;
  private boolean closing;
  private long failedAt = Long.MAX_VALUE;
  private @Nullable Exception failure;

  LateQueue(SimDevice device) {
    this.device = device;
    this.worker =
        Thread.ofPlatform()
            .daemon()
            .name(device.device() + " stream " + COUNT.incrementAndGet())
            .start(this::work);
  }

  Thread worker() {
    return worker;
  }

  void add(String name, Runnable work) {
    lock.lock();
    try {
      waiting.add(new Operation(name, work, System.nanoTime()));
      added++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many operations were added so far. */
  long length() {
    lock.lock();
    try {
      return added;
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether the first operations are done, and has them done soon. */
  boolean isDone(long count) {
    lock.lock();
    try {
      want(count);
      return done >= count;
    } finally {
      lock.unlock();
    }
  }

  /** Has the first operations done and waits for them. */
  void await(long count, Deadline deadline) throws LoadException {
    lock.lock();
    try {
      want(count);
      while (done < count) {
        if (changed.awaitNanos(deadline.remainingNanos()) <= 0) {
          throw late(count, deadline);
        }
      }
      if (failedAt <= count) {
        throw new LoadException(device.device() + ": an operation failed: " + failure, failure);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException(
          device.device() + ": interrupted while waiting for a stream", false);
    } finally {
      lock.unlock();
    }
  }

  private LoadCancelledException late(long count, Deadline deadline) {
    String message =
        "%s: %s operations not done within %s"
            .formatted(device.device(), count - done, Amounts.duration(deadline.allowed()));
    return new LoadCancelledException(message, true);
  }

  private void want(long count) {
    wanted = Math.max(wanted, count);
    changed.signalAll();
  }

  private void work() {
    for (Operation next = take(); next != null; next = take()) {
      carryOut(next);
    }
  }

  private @Nullable Operation take() {
    lock.lock();
    try {
      while (true) {
        Operation next = waiting.peek();
        if (next == null && closing) {
          return null;
        }
        if (next == null) {
          changed.awaitUninterruptibly();
        } else if (isDue(next)) {
          return waiting.remove();
        } else {
          pause();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isDue(Operation operation) {
    boolean old = System.nanoTime() - operation.queuedAt() >= device.delay().toNanos();
    return closing || (!device.isStalled() && (old || done < wanted));
  }

  @SuppressWarnings("WaitNotInLoop") // the loop is take()
  private void pause() {
    try {
      changed.awaitNanos(LOOK_AGAIN_NANOS);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a stream's own thread", e);
    }
  }

  private void carryOut(Operation operation) {
    Exception problem = failedAt == Long.MAX_VALUE ? attempt(operation) : null;
    lock.lock();
    try {
      done++;
      if (problem != null) {
        failure = problem;
        failedAt = done;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Exception attempt(Operation operation) {
    if (device.operationFuse.blows()) {
      return new LoadException(device.device() + ": simulated failure of a " + operation.name());
    }
    try {
      operation.work().run();
      return null;
    } catch (RuntimeException e) {
      return device.violation(operation.name() + ": " + e.getMessage());
    }
  }

  /** Has everything done, then ends the thread. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    join();
  }

  private void join() {
    boolean interrupted = false;
    while (worker.isAlive()) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
