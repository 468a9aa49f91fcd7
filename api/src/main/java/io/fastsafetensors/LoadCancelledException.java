// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.io.Serial;

/**
 * A load ended because the caller cancelled it, its thread was interrupted, or its time was over.
 *
 * @since 0.1
 */
public final class LoadCancelledException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final boolean timedOut;

  /**
   * Makes an exception.
   *
   * @param message what ended the load, and how far it was
   * @param timedOut true if its time was over
   */
  public LoadCancelledException(String message, boolean timedOut) {
    super(message);
    this.timedOut = timedOut;
  }

  /**
   * Tells why.
   *
   * @return true if the time was over, false if the caller ended it
   */
  public boolean timedOut() {
    return timedOut;
  }
}
