// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the holders of something and ends it when the last lets go; starts with one holder. */
final class RefCount {
  private final AtomicInteger holders = new AtomicInteger(1);
  private final Runnable end;

  RefCount(Runnable end) {
    this.end = end;
  }

  /**
   * Adds a holder.
   *
   * @throws IllegalStateException if it has ended
   */
  void retain() {
    if (!tryRetain()) {
      throw new IllegalStateException("closed");
    }
  }

  /** Adds a holder, unless it has ended; tells whether it did. */
  boolean tryRetain() {
    return holders.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  /** Removes a holder. If the end throws, the caller is still a holder. */
  void release() {
    int left = holders.getAndUpdate(n -> Math.max(0, n - 1)) - 1;
    if (left < 0) {
      throw new AssertionError("released more often than retained");
    }
    if (left == 0) {
      try {
        end.run();
      } catch (RuntimeException | Error e) {
        holders.incrementAndGet();
        throw e;
      }
    }
  }
}
