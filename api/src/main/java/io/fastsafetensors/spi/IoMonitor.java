// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import java.nio.file.Path;

/**
 * The engine's side of a load, given to sessions: they tell what they did and ask whether to go on.
 *
 * <p>Thread-safe; the engine turns it into progress, events of the flight recorder and debug logs.
 *
 * @since 0.1
 */
public interface IoMonitor {
  /**
   * Tells that a block was read, into its place or into staging memory on its way there, or is
   * mapped (rule IO-115).
   *
   * @param file the file
   * @param path the way it took
   * @param offset where in the file, in bytes
   * @param bytes how many
   * @param nanos how long the read took
   */
  void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos);

  /**
   * Tells that memory was made for bytes that are read into it next; for reports alone.
   *
   * @param file the file
   * @param bytes how much
   * @param nanos how long it took
   */
  default void memoryMade(Path file, long bytes, long nanos) {}

  /**
   * Tells that a thread of the session waited for staging memory, since copies to the device are
   * slower than reads; for reports alone.
   *
   * @param file the file whose bytes were to be staged
   * @param nanos how long
   */
  default void stagingAwaited(Path file, long nanos) {}

  /**
   * Tells that copies to the device were waited for after the last read of a file; for reports
   * alone.
   *
   * @param file the file
   * @param nanos how long
   */
  default void copiesAwaited(Path file, long nanos) {}

  /**
   * Asks whether to go on; sessions ask before each block (rule IO-106).
   *
   * @throws LoadCancelledException if the load was cancelled or its time is over
   */
  void checkpoint() throws LoadCancelledException;

  /**
   * Returns the latest moment for the load to end.
   *
   * @return the deadline of every wait of this load
   */
  Deadline deadline();

  /**
   * Returns the host memory that the load's copies take; a session that copies into host memory
   * asks for it before it allocates (rule IO-124).
   *
   * @return the same for all sessions of a load; unless overridden, that of a load of unknown size,
   *     of which each file is promised its own
   */
  LoadMemory memory();
}
