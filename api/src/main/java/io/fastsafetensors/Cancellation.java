// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * A switch that ends a load or a save; thread-safe, and can't be switched back.
 *
 * @since 0.1
 */
public final class Cancellation {
  private volatile boolean cancelled;

  /** Makes a switch that is off. */
  public Cancellation() {}

  /** Ends the loads and saves that were given this switch, each at its next block. */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Tells whether it was switched.
   *
   * @return true after {@link #cancel}
   */
  public boolean isCancelled() {
    return cancelled;
  }
}
