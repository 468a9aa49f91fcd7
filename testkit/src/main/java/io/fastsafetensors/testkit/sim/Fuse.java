// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import java.util.concurrent.atomic.AtomicLong;

/** Blows at the n-th use, once; thread-safe. */
final class Fuse {
  private final AtomicLong left = new AtomicLong();

  /** Blows at the n-th use from now; 0 disarms. */
  void blowAt(long nth) {
    if (nth < 0) {
      throw new IllegalArgumentException("the " + nth + "-th use: want 1 for the next one");
    }
    left.set(nth);
  }

  /** Counts a use; returns true if it is the one to fail. */
  boolean blows() {
    return left.getAndUpdate(n -> Math.max(0, n - 1)) == 1;
  }
}
