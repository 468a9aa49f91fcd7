// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.StreamMark;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of staging buffers of a device: filled from a file, copied on a stream, and
 * filled again once the copy is done. Whoever fills a buffer waits for a copy only when every
 * buffer is under way. Thread-safe; threads are attached to the device.
 *
 * @since 0.1
 */
public final class StagingRing implements AutoCloseable {
  private static final Logger LOG = System.getLogger(StagingRing.class.getName());

  private final DeviceContext context;
  private final Allocator allocator;
  private int most;
  private final List<Queue> queues = new ArrayList<>();
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final Deque<DeviceBuffer> free = new ArrayDeque<>();
  private final Deque<Sent> sent = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int making;
  private int turn;
  private @Nullable Exception failure;
  private @Nullable DeviceMemoryException noMemory;

  private record Sent(DeviceBuffer buffer, StreamMark mark) {}

  /**
   * Allocates the buffers of a ring.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Allocator {
    /**
     * Allocates a buffer.
     *
     * @return the buffer; the ring closes it
     * @throws DeviceMemoryException if there is no memory: the ring stays as large as it is
     */
    DeviceBuffer allocate() throws DeviceMemoryException;
  }

  /**
   * Queues copies out of a buffer.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface CopyJob {
    /**
     * Queues them.
     *
     * @param stream where
     * @throws LoadException if the device refuses
     */
    void queueOn(DeviceStream stream) throws LoadException;
  }

  /**
   * Fills a buffer.
   *
   * @param <T> what is known of it then
   * @since 0.1
   */
  @FunctionalInterface
  public interface Filling<T> {
    /**
     * Fills it.
     *
     * @param buffer the buffer
     * @return what is known of it
     * @throws LoadException if it can't be filled
     */
    T fill(DeviceBuffer buffer) throws LoadException;
  }

  /** A stream that many threads queue copies on, one at a time. */
  private static final class Queue {
    private final DeviceStream stream;
    private @Nullable StreamMark last;
    private boolean closed;

    Queue(DeviceStream stream) {
      this.stream = stream;
    }

    synchronized StreamMark send(CopyJob job, CopiesInFlight file) throws LoadException {
      try {
        job.queueOn(stream);
      } catch (LoadException | RuntimeException e) {
        markAfter(e, file);
        throw e;
      }
      return mark(file);
    }

    /** Some copies may be under way. */
    private void markAfter(Exception failure, CopiesInFlight file) {
      try {
        mark(file);
      } catch (LoadException | RuntimeException e) {
        failure.addSuppressed(e);
      }
    }

    /** Without a mark, only the stream's end tells that nothing is under way any more. */
    private StreamMark mark(CopiesInFlight file) throws LoadException {
      try {
        StreamMark mark = stream.record();
        last = mark;
        file.add(this, mark);
        return mark;
      } catch (LoadException | RuntimeException e) {
        close();
        throw e;
      }
    }

    synchronized boolean isIdle() {
      return closed || last == null || last.isDone();
    }

    synchronized void close() {
      if (!closed) {
        closed = true;
        stream.close();
      }
    }
  }

  private StagingRing(DeviceContext context, Allocator allocator, int most) {
    this.context = context;
    this.allocator = allocator;
    this.most = most;
  }

  /**
   * Makes a ring, whose buffers are allocated when they are needed.
   *
   * @param context the device
   * @param allocator allocates its buffers
   * @param most the most buffers
   * @param streams how many streams copy
   * @return the ring; the caller closes it, after all that it sent is settled
   * @throws LoadException if the device has no stream for it
   */
  public static StagingRing open(DeviceContext context, Allocator allocator, int most, int streams)
      throws LoadException {
    StagingRing ring = new StagingRing(context, allocator, most);
    try {
      for (int i = 0; i < streams; i++) {
        ring.queues.add(new Queue(context.newStream()));
      }
      return ring;
    } catch (LoadException | RuntimeException | Error e) {
      ring.close();
      throw e;
    }
  }

  /**
   * Takes a buffer that nobody uses; waits for one if all are under way.
   *
   * @param deadline how long to wait
   * @return the buffer, to {@link #fill} and {@link #send}
   * @throws LoadException if a copy failed, there is no memory, or the deadline passed
   */
  public DeviceBuffer take(Deadline deadline) throws LoadException {
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
    return buffers.size() + making >= most;
  }

  private boolean isOldestDone() {
    return !sent.isEmpty() && sent.element().mark.isDone();
  }

  /** Makes one more buffer; where memory ends, the ring stays as large as it is. */
  private DeviceBuffer make(Deadline deadline) throws LoadException {
    try {
      DeviceBuffer buffer = allocator.allocate();
      change(() -> buffers.add(buffer));
      return buffer;
    } catch (DeviceMemoryException e) {
      change(() -> stayAsLarge(e));
    } finally {
      change(() -> making--);
    }
    return take(deadline);
  }

  private void stayAsLarge(DeviceMemoryException e) {
    most = buffers.size() + making - 1;
    if (most == 0) {
      noMemory = e;
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

  private DeviceBuffer reuse(Sent oldest, Deadline deadline) throws LoadException {
    try {
      oldest.mark.await(deadline);
      return oldest.buffer;
    } catch (LoadException e) {
      fail(e);
      throw e;
    }
  }

  /**
   * Fills a buffer that was taken; gives it back if that fails.
   *
   * @param <T> what is known of it then
   * @param buffer the buffer
   * @param filling fills it
   * @return what is known of it
   * @throws LoadException if it can't be filled
   */
  public <T> T fill(DeviceBuffer buffer, Filling<T> filling) throws LoadException {
    boolean filled = false;
    try {
      T known = filling.fill(buffer);
      filled = true;
      return known;
    } finally {
      if (!filled) {
        change(() -> free.push(buffer));
      }
    }
  }

  /**
   * Copies from a buffer, which is free again when that is done.
   *
   * @param buffer a buffer that was taken
   * @param job queues the copies
   * @param file hears of them
   * @throws LoadException if the device refuses; the buffer is out of use then
   */
  public void send(DeviceBuffer buffer, CopyJob job, CopiesInFlight file) throws LoadException {
    try {
      StreamMark mark = nextQueue().send(job, file);
      change(() -> sent.add(new Sent(buffer, mark)));
    } catch (LoadException | RuntimeException e) {
      fail(e);
      throw e;
    }
  }

  private Queue nextQueue() {
    lock.lock();
    try {
      turn = (turn + 1) % queues.size();
      return queues.get(turn);
    } finally {
      lock.unlock();
    }
  }

  private void fail(Exception e) {
    change(() -> failure = failure == null ? e : failure);
  }

  private void checkFailure() throws LoadException {
    if (noMemory != null) {
      throw noMemory;
    }
    if (failure != null) {
      throw new LoadException(
          "a copy to " + context.device() + " failed: " + failure.getMessage(), failure);
    }
  }

  /** Frees streams and buffers; what a device that hangs still uses is left alone. */
  @Override
  public void close() {
    if (!queues.stream().allMatch(Queue::isIdle)) {
      LOG.log(
          Level.ERROR, "{0} hangs: {1} staging buffers are lost", context.device(), buffers.size());
      return;
    }
    queues.forEach(Queue::close);
    buffers.forEach(DeviceBuffer::close);
  }
}
