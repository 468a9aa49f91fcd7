// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What stands between the thread that reads a stream and those that take its tensors: the room that
 * is left in the window, and the tensors that are ready. Thread-safe.
 */
final class StreamWindow {
  private static final long POLL_MILLIS = 50;

  private final long size;
  private final Duration heldTimeout;
  private final Deque<StreamedTensor> ready = new ArrayDeque<>();
  private long taken;
  private long most;
  private int takers;
  private boolean ended;
  private boolean closed;
  private @Nullable Throwable failure;

  StreamWindow(long size, Duration heldTimeout) {
    this.size = size;
    this.heldTimeout = heldTimeout;
  }

  long size() {
    return size;
  }

  synchronized long most() {
    return most;
  }

  /** Takes room, if there is enough. */
  synchronized boolean tryTake(long bytes) {
    if (bytes > size - taken) {
      return false;
    }
    taken += bytes;
    most = Math.max(most, taken);
    return true;
  }

  synchronized void giveBack(long bytes) {
    taken -= bytes;
    notifyAll();
  }

  /**
   * Takes room that only tensors can give which were given out, or are ready.
   *
   * @param bytes how much
   * @param signal its time starts again as long as this waits
   * @throws LoadCancelledException if the stream is over
   * @throws IllegalStateException if somebody waits for the next tensor, and nobody closes one
   */
  synchronized void take(long bytes, StopSignal signal) throws LoadCancelledException {
    Deadline patience = Deadline.after(heldTimeout);
    long before = taken;
    while (!tryTake(bytes)) {
      signal.checkWanted();
      signal.restart();
      boolean isStarved = takers > 0 && ready.isEmpty() && taken == before;
      patience = isStarved ? patience : Deadline.after(heldTimeout);
      before = taken;
      if (patience.hasPassed()) {
        throw new IllegalStateException(held(bytes));
      }
      pause(signal);
    }
    signal.restart();
  }

  private String held(long bytes) {
    return "the window of %s is full: tensors that are not closed hold %s, and what comes next takes %s; no tensor was closed in %s: close them, or enlarge the window"
        .formatted(
            Amounts.exactBytes(size),
            Amounts.exactBytes(taken),
            Amounts.exactBytes(bytes),
            Amounts.duration(heldTimeout));
  }

  private void pause(StopSignal signal) throws LoadCancelledException {
    try {
      TimeUnit.MILLISECONDS.timedWait(this, POLL_MILLIS);
    } catch (InterruptedException e) {
      signal.interrupt();
      Thread.currentThread().interrupt();
      signal.checkWanted();
    }
  }

  /** Hands over tensors that are ready; closes them if nobody takes them any more. */
  void put(List<StreamedTensor> tensors) {
    synchronized (this) {
      if (!closed && failure == null) {
        ready.addAll(tensors);
        notifyAll();
        return;
      }
    }
    Cleanup.each(tensors, StreamedTensor::close);
  }

  /** Says that no more tensor comes. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Says why no more tensor comes. */
  synchronized void fail(Throwable thrown) {
    failure = thrown;
    ended = true;
    notifyAll();
  }

  /** Waits for the next tensor; empty at the end. */
  synchronized Optional<StreamedTensor> next(StopSignal signal) throws LoadException {
    takers++;
    try {
      while (ready.isEmpty() && !ended && !closed) {
        pause(signal);
      }
    } finally {
      takers--;
    }
    if (closed) {
      throw new IllegalStateException("the stream is closed");
    }
    if (ready.isEmpty()) {
      rethrow(failure);
    }
    return Optional.ofNullable(ready.poll());
  }

  private static void rethrow(@Nullable Throwable failure) throws LoadException {
    if (failure instanceof LoadException e) {
      throw e;
    }
    Cleanup.rethrow(failure);
  }

  /** Gives up what is ready, and what comes later. */
  void close() {
    List<StreamedTensor> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(ready);
      ready.clear();
      notifyAll();
    }
    Cleanup.each(left, StreamedTensor::close);
  }
}
