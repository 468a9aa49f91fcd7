// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;

/**
 * A file being read.
 *
 * @since 0.1
 */
public interface IoTicket extends AutoCloseable {
  /**
   * Waits until every byte is in its place (rule IO-105: a short read is an error).
   *
   * @return the ranges; the caller closes their buffers. A second call throws {@code
   *     IllegalStateException}
   * @throws UnsupportedTransferException if it shows only now that the backend lacks what the file
   *     needs; never for an I/O error
   * @throws LoadException if a read failed, the file shrank, or the load was cancelled or is late
   */
  LoadedRanges await() throws LoadException;

  /**
   * Stops what is left to do and waits for what is under way, at most until a deadline (rule
   * IO-123). Frees nothing: {@link #close} comes after it, last for the tickets that are not done.
   *
   * @param deadline how long to wait
   * @return how many reads may still be under way; 0 only if {@link #close} will not wait for any.
   *     A ticket that can't tell returns 1, as this method does
   */
  default int stop(Deadline deadline) {
    return 1;
  }

  /**
   * Stops what is left to do and waits until nothing of this ticket touches a file or a buffer any
   * more, then frees what was not handed out by {@link #await} (rule IO-102, the drain rule). A
   * second call does nothing. That wait has no deadline, since what comes after it frees memory:
   * the engine calls it on a thread that it can leave behind.
   */
  @Override
  void close();
}
