// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Reads that wait for the same thing, storage or processors, of which so many are done at a time;
 * so no kind of read holds the other up. Guarded by the lock of the {@link PosixReadQueue}.
 */
final class Lane {
  private final int bound;
  private final Deque<ReadTask> ready = new ArrayDeque<>();
  private int busy;

  Lane(int bound) {
    this.bound = bound;
  }

  boolean hasRoom() {
    return busy < bound;
  }

  /** Tells whether as many reads are ready as may be under way. */
  boolean isStocked() {
    return ready.size() >= bound;
  }

  boolean canStart() {
    return hasRoom() && !ready.isEmpty();
  }

  /** Tells whether nothing is under way or ready. */
  boolean isIdle() {
    return busy == 0 && ready.isEmpty();
  }

  /** Returns the share of the lane that is in use. */
  double load() {
    return (double) busy / bound;
  }

  int bound() {
    return bound;
  }

  int busy() {
    return busy;
  }

  void add(ReadTask task) {
    ready.add(task);
  }

  ReadTask start() {
    busy++;
    return ready.remove();
  }

  void end() {
    busy--;
  }
}
