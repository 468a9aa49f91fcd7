// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A buffer that tensors share; the last holder to let go frees it, when nothing runs on it any
 * more. So closing never pulls memory away from a copy that another thread is making.
 */
final class Memory {
  /** What CUDA aligns allocations to, and more than any vector instruction asks for, in bytes. */
  static final long ALIGNMENT = 256;

  private static final Logger LOG = System.getLogger(Memory.class.getName());

  private final SharedContext context;
  private final DeviceBuffer buffer;
  private final @Nullable Path file;
  private final RefCount holders = new RefCount(this::free);
  private final ReadWriteLock uses = new ReentrantReadWriteLock();
  private volatile Runnable whenFreed = () -> {};
  private volatile boolean viewsEnded;
  private volatile boolean ended;

  private Memory(SharedContext context, DeviceBuffer buffer, @Nullable Path file) {
    this.context = context;
    this.buffer = buffer;
    this.file = file;
  }

  /** Takes over what a file was loaded to; the caller is the first holder. */
  static Memory of(SharedContext context, DeviceBuffer buffer, Path file) {
    context.retain();
    return new Memory(context, buffer, file);
  }

  /** Wraps memory that the caller keeps and frees; nobody has to release it. */
  static Memory borrowed(SharedContext context, DeviceBuffer buffer) {
    return new Memory(context, buffer, null);
  }

  /** Allocates a buffer; the caller is the first holder. */
  static Memory allocate(SharedContext context, long bytes) throws LoadException {
    context.retain();
    try {
      long start = System.nanoTime();
      DeviceBuffer buffer = context.attached().allocate(bytes, ALIGNMENT);
      long micros = (System.nanoTime() - start) / 1000;
      LOG.log(
          Level.DEBUG,
          () -> "allocate: " + bytes + " bytes on " + context.device() + ", " + micros + " us");
      return new Memory(context, buffer, null);
    } catch (Throwable e) {
      Cleanup.after(e, context::release);
      throw e;
    }
  }

  SharedContext context() {
    return context;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  /** Returns the file that was loaded to it, and may be mapped; null for memory of our own. */
  @Nullable Path file() {
    return file;
  }

  /** Has something done once the memory is freed; asked for before anybody else holds it. */
  void whenFreed(Runnable action) {
    whenFreed = action;
  }

  void retain() {
    holders.retain();
  }

  /** Adds a holder, unless the memory is freed or about to be; tells whether it did. */
  boolean tryRetain() {
    return holders.tryRetain();
  }

  /**
   * Lets go of the memory.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using it; the caller is still a
   *     holder
   */
  void release() {
    holders.release();
  }

  /** Work on the memory; as long as it is not closed, the memory is not freed. */
  interface Use extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Keeps the memory while the calling thread works on it.
   *
   * @throws IllegalStateException if it is freed, or about to be
   */
  Use use() {
    uses.readLock().lock();
    if (ended) {
      uses.readLock().unlock();
      throw new IllegalStateException("the memory of this tensor was freed");
    }
    return uses.readLock()::unlock;
  }

  /** Keeps several memories while the calling thread works on them. */
  static Use useAll(Collection<Memory> memories) {
    Deque<Use> held = new ArrayDeque<>();
    try {
      memories.forEach(memory -> held.push(memory.use()));
      return () -> held.forEach(Use::close);
    } catch (RuntimeException e) {
      held.forEach(Use::close);
      throw e;
    }
  }

  /** Ends what borrows the memory; who holds it goes on. */
  void endViews() {
    viewsEnded = true;
  }

  boolean haveViewsEnded() {
    return viewsEnded;
  }

  boolean hasEnded() {
    return ended;
  }

  private void free() {
    ended = true;
    context.attached();
    // Uses end by themselves: copies in host memory do, and devices have a deadline.
    uses.writeLock().lock();
    try {
      buffer.close();
    } finally {
      uses.writeLock().unlock();
    }
    LOG.log(Level.DEBUG, () -> "free: " + buffer.size() + " bytes on " + context.device());
    whenFreed.run();
    context.release();
  }
}
