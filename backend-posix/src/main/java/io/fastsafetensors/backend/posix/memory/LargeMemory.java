// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.io.ParallelWork;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Allocates buffers that are worth huge pages. Thread-safe. */
final class LargeMemory implements AutoCloseable {
  /** What one thread touches in one go. */
  private static final long TOUCHED_AT_ONCE = 32L << 20;

  private final Pages pages;
  private final PagePool pool;
  private final Runnable reclaimer;

  LargeMemory(Pages pages, long keptBytes) {
    this.pages = pages;
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
  FreshBuffer allocate(long bytes, long alignment, Promiser promiser) throws DeviceMemoryException {
    long room = alignment <= Pages.HUGE ? bytes : bytes + alignment;
    if (room < 0) {
      throw HostLimits.SYSTEM.exceeded(bytes, new ArithmeticException("more than there can be"));
    }
    Optional<PagePool.Block> kept = pool.takeKept(room);
    if (kept.isPresent()) {
      return buffer(kept.get(), bytes, alignment, new PagePromise(pages, null));
    }
    PagePromise promise = new PagePromise(pages, promiser.reserve(room));
    try {
      return buffer(pool.takeNew(room), bytes, alignment, promise);
    } catch (ErrnoException | ArithmeticException e) {
      promise.close();
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  private FreshBuffer buffer(
      PagePool.Block block, long bytes, long alignment, PagePromise promise) {
    long begin = (block.address() + alignment - 1) & -alignment;
    Runnable release =
        () -> {
          promise.close();
          // What nobody touched would be taken for memory that is there.
          if (promise.isKept()) {
            pool.give(block);
          } else {
            pages.unmap(block.address(), block.bytes());
          }
        };
    return new FreshBuffer(NativeMemory.buffer(begin, bytes, false, release), promise);
  }

  /** Promises memory that {@link #cover} puts in the place of mapped memory. */
  PagePromise promise(LoadMemory.Reservation promise) {
    return new PagePromise(pages, promise);
  }

  /** Puts memory whose pages are not there yet in the place of mapped memory. */
  void cover(long address, long bytes) throws DeviceMemoryException {
    try {
      pages.mapOver(address, bytes);
    } catch (ErrnoException e) {
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /** Makes all pages of a buffer be there, by many threads; closes the buffer if that fails. */
  DeviceBuffer touchAll(FreshBuffer fresh) throws DeviceMemoryException {
    DeviceBuffer buffer = fresh.buffer();
    AtomicReference<@Nullable DeviceMemoryException> failure = new AtomicReference<>();
    ParallelWork.run(
        buffer.size(),
        TOUCHED_AT_ONCE,
        (from, to) -> {
          try {
            if (failure.get() == null) {
              fresh.pages().touch(buffer.address() + from, to - from);
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
    fresh.pages().keep();
    return buffer;
  }

  /** Returns what is kept to the system. */
  @Override
  public void close() {
    HostLimits.SYSTEM.removeReclaimer(reclaimer);
    pool.close();
  }
}
