// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;

/**
 * One load's reads.
 *
 * <p>The session chooses mapping, layout, coalescing, blocks and threads. Used by one thread at a
 * time.
 *
 * @since 0.1
 */
public interface IoSession extends AutoCloseable {
  /**
   * Starts reading a file; does not wait for the reads (rule IO-101).
   *
   * @param plan what to read
   * @return the ticket; the caller closes it
   * @throws UnsupportedTransferException if this backend lacks what the file needs; the engine then
   *     asks the next backend
   * @throws LoadException if the file can't be opened, or there is no memory: nothing is left
   *     behind
   * @throws IllegalStateException if the session is closed (rule IO-111)
   */
  IoTicket submit(RangePlan plan) throws LoadException;

  /**
   * Ends the session's threads and closes its files. The caller has closed every ticket before. A
   * second call does nothing.
   */
  @Override
  void close();
}
