// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Pages that were promised by the limits of the process, and come when asked for. Thread-safe. */
public final class PagePromise implements AutoCloseable {
  private final Pages pages;
  private final LoadMemory.@Nullable Reservation promise;
  private volatile boolean kept;

  /** Makes the promise of pages, or of none ({@code null}) for memory that has its pages. */
  PagePromise(Pages pages, LoadMemory.@Nullable Reservation promise) {
    this.pages = pages;
    this.promise = promise;
    this.kept = promise == null;
  }

  /**
   * Makes the pages of a part of the memory be there.
   *
   * @throws DeviceMemoryException if there are not enough
   */
  public void touch(MemorySegment part) throws DeviceMemoryException {
    touch(part.address(), part.byteSize());
  }

  void touch(long address, long bytes) throws DeviceMemoryException {
    try {
      if (promise == null) {
        pages.touch(address, bytes);
      } else {
        promise.<Long, ErrnoException>make(bytes, () -> pages.touch(address, bytes));
      }
    } catch (ErrnoException e) {
      throw HostLimits.SYSTEM.exceeded(bytes, e);
    }
  }

  /** Ends the promise, once all pages that are needed are there. */
  public void keep() {
    kept = true;
    close();
  }

  /** Tells whether all pages that are needed are there. */
  boolean isKept() {
    return kept;
  }

  /** Ends the promise. */
  @Override
  public void close() {
    if (promise != null) {
      promise.close();
    }
  }
}
