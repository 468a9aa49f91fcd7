// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.time.Duration;

/**
 * The latest moment for a wait to end, on the monotonic clock.
 *
 * @since 0.1
 */
public final class Deadline {
  private final long start = System.nanoTime();
  private final long allowedNanos;

  private Deadline(long allowedNanos) {
    this.allowedNanos = allowedNanos;
  }

  /**
   * Starts the clock.
   *
   * @param allowed how long from now; more than 292 years count as 292 years
   * @return the deadline
   * @throws IllegalArgumentException if the time is negative
   */
  public static Deadline after(Duration allowed) {
    if (allowed.isNegative()) {
      throw new IllegalArgumentException("negative time: " + allowed);
    }
    boolean fits = allowed.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0;
    return new Deadline(fits ? allowed.toNanos() : Long.MAX_VALUE);
  }

  /**
   * Returns what is left.
   *
   * @return nanoseconds; 0 once it has passed, never negative
   */
  public long remainingNanos() {
    return Math.max(0, allowedNanos - (System.nanoTime() - start));
  }

  /**
   * Tells whether it has passed.
   *
   * @return true if nothing is left
   */
  public boolean hasPassed() {
    return remainingNanos() == 0;
  }

  /**
   * Returns how long was allowed, for messages.
   *
   * @return the whole time, from the start of the clock
   */
  public Duration allowed() {
    return Duration.ofNanos(allowedNanos);
  }
}
