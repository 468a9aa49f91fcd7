// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.StreamMark;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of staging buffers of a device: filled from a file, copied on a stream, and
 * filled again once the copy is done. Who fills a buffer waits for a copy only when every buffer is
 * under way. Thread-safe; threads are attached to the device.
 */
final class StagingRing implements AutoCloseable {
  private static final Logger LOG = System.getLogger(StagingRing.class.getName());

  private final DeviceContext context;
  private final long slotBytes;
  private int most;
  private final List<CopyStream> streams = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private final Deque<Slot> free = new ArrayDeque<>();
  private final Deque<Sent> sent = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int making;
  private int turn;
  private @Nullable Exception failure;

  /**
   * A staging buffer.
   *
   * @param buffer the buffer
   * @param memory its bytes
   */
  record Slot(DeviceBuffer buffer, MemorySegment memory) {}

  private record Sent(Slot slot, StreamMark mark) {}

  private StagingRing(DeviceContext context, long slotBytes, int most) {
    this.context = context;
    this.slotBytes = slotBytes;
    this.most = most;
  }

  /** Makes a ring; its buffers are allocated when they are needed. */
  static StagingRing open(DeviceContext context, long slotBytes, int most, int streams)
      throws LoadException {
    StagingRing ring = new StagingRing(context, slotBytes, most);
    try {
      for (int i = 0; i < streams; i++) {
        ring.streams.add(new CopyStream(context.newStream()));
      }
      return ring;
    } catch (LoadException | RuntimeException | Error e) {
      ring.close();
      throw e;
    }
  }

  /**
   * Returns a buffer that nobody uses; the caller sends it or gives it back.
   *
   * @throws LoadException if a copy failed, there is no memory, or the deadline passed
   */
  Slot take(Deadline deadline) throws LoadException {
    Sent oldest;
    lock.lock();
    try {
      while (free.isEmpty() && sent.isEmpty() && isFull()) {
        checkFailure();
        if (changed.awaitNanos(deadline.remainingNanos()) <= 0) {
          throw new LoadCancelledException("no staging buffer became free in time", true);
        }
      }
      checkFailure();
      if (!free.isEmpty()) {
        return free.pop();
      }
      oldest = isFull() || isOldestDone() ? sent.remove() : null;
      making += oldest == null ? 1 : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException("interrupted while waiting for a staging buffer", false);
    } finally {
      lock.unlock();
    }
    return oldest == null ? make(deadline) : reuse(oldest, deadline);
  }

  private boolean isFull() {
    return slots.size() + making >= most;
  }

  private boolean isOldestDone() {
    return !sent.isEmpty() && sent.element().mark.isDone();
  }

  /** Makes one more buffer; where memory ends, the ring stays as large as it is. */
  private Slot make(Deadline deadline) throws LoadException {
    try {
      DeviceBuffer buffer = context.allocateStaging(slotBytes);
      Slot slot = new Slot(buffer, buffer.host().orElseThrow());
      change(() -> {
        making--;
        slots.add(slot);
      });
      return slot;
    } catch (DeviceMemoryException e) {
      change(() -> {
        making--;
        most = slots.size() + making;
      });
      if (most == 0) {
        throw e;
      }
      return take(deadline);
    }
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Slot reuse(Sent oldest, Deadline deadline) throws LoadException {
    try {
      oldest.mark.await(deadline);
      return oldest.slot;
    } catch (LoadException e) {
      fail(e);
      throw e;
    }
  }

  /** Copies from a buffer, which is free again when that is done. */
  void send(Slot slot, List<CopyStream.Copy> copies) throws LoadException {
    try {
      StreamMark mark = nextStream().send(copies);
      change(() -> sent.add(new Sent(slot, mark)));
    } catch (LoadException | RuntimeException e) {
      // Some copies may be under way: the buffer is out of use until the ring is closed.
      fail(e);
      throw e;
    }
  }

  private CopyStream nextStream() {
    lock.lock();
    try {
      turn = (turn + 1) % streams.size();
      return streams.get(turn);
    } finally {
      lock.unlock();
    }
  }

  /** Gives a buffer back that was not sent. */
  void giveBack(Slot slot) {
    change(() -> free.push(slot));
  }

  private void fail(Exception e) {
    change(() -> failure = failure == null ? e : failure);
  }

  private void checkFailure() throws LoadException {
    if (failure != null) {
      throw new LoadException(
          "a copy to " + context.device() + " failed: " + failure.getMessage(), failure);
    }
  }

  /**
   * Waits until everything sent so far is on the device.
   *
   * @throws LoadException if a copy failed, or the deadline passed
   */
  void settle(Deadline deadline) throws LoadException {
    for (CopyStream stream : streams) {
      try {
        stream.settle(deadline);
      } catch (LoadException e) {
        fail(e); // and on: the other streams may still be at it
      }
    }
    lock.lock();
    try {
      checkFailure();
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether nothing is under way to the device. */
  boolean isIdle() {
    return streams.stream().allMatch(CopyStream::isIdle);
  }

  /** Frees streams and buffers; what a device that hangs still uses is left alone. */
  @Override
  public void close() {
    if (!isIdle()) {
      LOG.log(
          Level.ERROR, "{0} hangs: {1} staging buffers are lost", context.device(), slots.size());
      return;
    }
    streams.forEach(CopyStream::close);
    slots.forEach(slot -> slot.buffer.close());
  }
}
