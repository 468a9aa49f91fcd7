// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.HostLimits;
import io.fastsafetensors.spi.ParallelWork;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Allocates buffers that are worth huge pages. Thread-safe. */
final class LargeMemory implements AutoCloseable {
  /** From here on it pays to ask first: who overdraws memory is killed by the kernel. */
  private static final long WORTH_ASKING = 64L << 20;

  /** What one thread touches in one go. */
  private static final long TOUCHED_AT_ONCE = 32L << 20;

  private final Pages pages;
  private final PagePool pool;

  LargeMemory(Pages pages, long keptBytes) {
    this.pages = pages;
    this.pool = new PagePool(pages, keptBytes);
  }

  /** Allocates a buffer whose pages are not there yet. */
  DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    try {
      PagePool.Block block =
          take(alignment <= Pages.HUGE ? bytes : Math.addExact(bytes, alignment));
      long begin = (block.address() + alignment - 1) & -alignment;
      return NativeMemory.buffer(begin, bytes, false, () -> pool.give(block));
    } catch (ErrnoException | ArithmeticException e) {
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  private PagePool.Block take(long bytes) throws DeviceMemoryException, ErrnoException {
    Optional<PagePool.Block> kept = pool.takeKept(bytes);
    if (kept.isPresent()) {
      return kept.get();
    }
    makeRoom(bytes);
    return pool.takeNew(bytes);
  }

  /** Makes sure that the system has memory, at the cost of what is kept. */
  void makeRoom(long bytes) throws DeviceMemoryException {
    if (bytes >= WORTH_ASKING && !HostLimits.SYSTEM.allow(bytes)) {
      pool.giveUpKept();
      HostLimits.SYSTEM.check(bytes);
    }
  }

  /** Puts memory whose pages are not there yet in the place of mapped memory. */
  void cover(long address, long bytes) throws DeviceMemoryException {
    try {
      pages.mapOver(address, bytes);
    } catch (ErrnoException e) {
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /**
   * Makes the pages of a part of a buffer be there.
   *
   * @throws DeviceMemoryException if there are not enough
   */
  void touch(long address, long bytes) throws DeviceMemoryException {
    try {
      pages.touch(address, bytes);
    } catch (ErrnoException e) {
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /** Makes all pages of a buffer be there, by many threads; closes the buffer if that fails. */
  void touchAll(DeviceBuffer buffer) throws DeviceMemoryException {
    AtomicReference<@Nullable DeviceMemoryException> failure = new AtomicReference<>();
    ParallelWork.run(
        buffer.size(),
        TOUCHED_AT_ONCE,
        (from, to) -> {
          try {
            if (failure.get() == null) {
              touch(buffer.address() + from, to - from);
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
  }

  /** Returns what is kept to the system. */
  @Override
  public void close() {
    pool.close();
  }
}
