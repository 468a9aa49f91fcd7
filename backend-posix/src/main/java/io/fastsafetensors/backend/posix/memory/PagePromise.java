// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Pages that were promised by the limits of the process. Thread-safe. */
class PagePromise implements LatePages {
  private final Pages pages;
  private final LoadMemory.@Nullable Reservation promise;
  private volatile boolean complete;

  /** Makes the promise of pages, or of none ({@code null}) for memory that has its pages. */
  PagePromise(Pages pages, LoadMemory.@Nullable Reservation promise) {
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
