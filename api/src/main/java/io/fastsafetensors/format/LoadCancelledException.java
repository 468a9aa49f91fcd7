// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.io.Serial;

/**
 * A load or a save ended because the caller cancelled it, its thread was interrupted, or its time was
 * over.
 *
 * @since 0.1
 */
public final class LoadCancelledException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final boolean timedOut;
  private final long keptBytes;

  /**
   * Makes an exception.
   *
   * @param message what ended the load, and how far it was
   * @param timedOut true if its time was over
   */
  public LoadCancelledException(String message, boolean timedOut) {
    this(message, timedOut, 0);
  }

  /**
   * Makes an exception of a load that was left behind.
   *
   * @param message what ended the load, how far it was, and what hangs
   * @param timedOut true if its time was over
   * @param keptBytes the memory that a file which hangs may still write to, in bytes
   */
  public LoadCancelledException(String message, boolean timedOut, long keptBytes) {
    super(message);
    this.timedOut = timedOut;
    this.keptBytes = keptBytes;
  }

  /**
   * Makes an exception for somebody else who waited for the same.
   *
   * @param message what was not done, and why
   * @param cause why the load ended; how it ended, and what is kept, are taken from it
   */
  public LoadCancelledException(String message, LoadCancelledException cause) {
    super(message, cause);
    this.timedOut = cause.timedOut;
    this.keptBytes = cause.keptBytes;
  }

  /**
   * Returns how much memory the load could not free yet, because a call on a file hangs that may
   * still write to it. It is freed when that call ends.
   *
   * @return bytes, when this was thrown; 0 if the load ended in order
   */
  public long keptBytes() {
    return keptBytes;
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
