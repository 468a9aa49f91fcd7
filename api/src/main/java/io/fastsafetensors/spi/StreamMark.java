// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.format.LoadException;

/**
 * A point in a stream.
 *
 * @since 0.1
 */
public interface StreamMark {
  /**
   * Returns a mark before which nothing is left to do, for devices that do all at once.
   *
   * @return the mark
   */
  static StreamMark done() {
    return DoneMark.DONE;
  }

  /**
   * Tells whether all before this point is done; never blocks.
   *
   * @return true if done, also if done by failing
   */
  boolean isDone();

  /**
   * Waits until all before this point is done.
   *
   * @param deadline the latest moment
   * @throws LoadException if an operation before this point failed, or if the deadline passed
   */
  void await(Deadline deadline) throws LoadException;
}
