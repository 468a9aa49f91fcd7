// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.UnsupportedTransferException;

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
   * Stops what is left to do and waits until nothing of this ticket touches a file or a buffer any
   * more, then frees what was not handed out by {@link #await} (rule IO-102, the drain rule). A
   * second call does nothing.
   */
  @Override
  void close();
}
