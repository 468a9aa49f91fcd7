// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext.Keeping;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.io.ParallelWork;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Allocates buffers that are worth huge pages. Thread-safe. */
final class LargeMemory implements AutoCloseable {
  /** What one thread touches in one go. */
  private static final long TOUCHED_AT_ONCE = 32L << 20;

  private final PagePool pool;
  private final Runnable reclaimer;

  LargeMemory(Pages pages, long keptBytes) {
    this.pool = new PagePool(pages, keptBytes);
    this.reclaimer = pool::giveUpKept;
    HostLimits.SYSTEM.addReclaimer(reclaimer);
  }

  /** Promises memory: who overdraws it is killed by the kernel. */
  @FunctionalInterface
  interface Promiser {
    LoadMemory.Reservation reserve(long bytes) throws DeviceMemoryException;
  }

  /** Allocates a buffer whose pages are not there yet. */
  LateBuffer allocate(long bytes, long alignment, Promiser promiser) throws DeviceMemoryException {
    long room = alignment <= Pages.HUGE ? bytes : bytes + alignment;
    if (room < 0) {
      throw HostLimits.SYSTEM.exceeded(bytes, new ArithmeticException("more than there can be"));
    }
    Optional<PagePool.Block> kept = pool.takeKept(room);
    if (kept.isPresent()) {
      return new Fresh(pool, kept.get(), bytes, alignment, null);
    }
    LoadMemory.Reservation promise = promiser.reserve(room);
    try {
      return new Fresh(pool, pool.takeNew(room), bytes, alignment, promise);
    } catch (ErrnoException | ArithmeticException e) {
      promise.close();
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /** Puts memory whose pages are not there yet in the place of mapped memory. */
  LatePages cover(List<MemorySegment> parts, Promiser promiser) throws DeviceMemoryException {
    long bytes = 0;
    for (MemorySegment part : parts) {
      if (!pool.pages().isStart(part.address())) {
        throw new IllegalArgumentException("not at a page: " + part);
      }
      bytes = Math.addExact(bytes, part.byteSize());
    }
    LoadMemory.Reservation promise = promiser.reserve(bytes);
    try {
      for (MemorySegment part : parts) {
        pool.pages().mapOver(part.address(), part.byteSize());
      }
      return new Promise(pool.pages(), promise);
    } catch (ErrnoException e) {
      promise.close();
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /** Makes all pages of a buffer be there, by many threads; closes the buffer if that fails. */
  static DeviceBuffer touchAll(LateBuffer late) throws DeviceMemoryException {
    DeviceBuffer buffer = late.buffer();
    MemorySegment memory = buffer.host().orElseThrow();
    AtomicReference<@Nullable DeviceMemoryException> failure = new AtomicReference<>();
    ParallelWork.run(
        buffer.size(),
        TOUCHED_AT_ONCE,
        (from, to) -> {
          try {
            if (failure.get() == null) {
              late.touch(memory.asSlice(from, to - from));
            }
          } catch (DeviceMemoryException e) {
            failure.set(e);
          }
        });
    DeviceMemoryException failed = failure.get();
    if (failed != null) {
      buffer.close();
      throw failed;
    }
    late.end(true);
    return buffer;
  }

  /** Keeps more memory for a while. */
  Keeping keep(long bytes) {
    return pool.keepFor(bytes)::run;
  }

  /** Returns what is kept to the system. */
  @Override
  public void close() {
    HostLimits.SYSTEM.removeReclaimer(reclaimer);
    pool.close();
  }

  /** Pages that were promised by the limits of the process. Thread-safe. */
  private static class Promise implements LatePages {
    private final Pages pages;
    private final LoadMemory.@Nullable Reservation promise;
    private volatile boolean complete;

    /** Makes the promise of pages, or of none ({@code null}) for memory that has its pages. */
    Promise(Pages pages, LoadMemory.@Nullable Reservation promise) {
      this.pages = pages;
      this.promise = promise;
      this.complete = promise == null;
    }

    @Override
    public final void touch(MemorySegment part) throws DeviceMemoryException {
      long bytes = part.byteSize();
      try {
        if (promise == null) {
          pages.touch(part.address(), bytes);
        } else {
          promise.<Long, ErrnoException>make(bytes, () -> pages.touch(part.address(), bytes));
        }
      } catch (ErrnoException e) {
        throw HostLimits.SYSTEM.exceeded(bytes, e);
      }
    }

    @Override
    public final void end(boolean allMade) {
      complete |= allMade;
      if (promise != null) {
        promise.close();
      }
    }

    /** Tells whether all pages are there. */
    final boolean isComplete() {
      return complete;
    }
  }

  /** A buffer in a block of memory, which goes back to the pool when all its pages were made. */
  private static final class Fresh extends Promise implements LateBuffer {
    private final DeviceBuffer buffer;

    Fresh(
        PagePool pool,
        PagePool.Block block,
        long bytes,
        long alignment,
        LoadMemory.@Nullable Reservation promise) {
      super(pool.pages(), promise);
      long begin = (block.address() + alignment - 1) & -alignment;
      this.buffer =
          NativeMemory.buffer(
              begin,
              bytes,
              false,
              () -> {
                end(false);
                pool.give(block, isComplete());
              });
    }

    @Override
    public DeviceBuffer buffer() {
      return buffer;
    }
  }
}
