// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.util.List;

/** Where the bytes of one file go. */
sealed interface ReadTarget permits HostTarget, MappingTarget, RingTarget {
  /** Returns what is to be read. */
  List<FileRead> reads();

  /** Returns what needed no reading, and is in its place already. */
  default List<Arrived> arrived() {
    return List.of();
  }

  /**
   * Does what a read needs, short of the read itself, once and before it: in advance while storage
   * is busy with others, or right before the read if that needs no storage. Called by many threads.
   *
   * @throws LoadException if there is no memory
   */
  default void prepare(FileRead read) throws LoadException {}

  /**
   * Brings the bytes of a read to their place, or on the way to it; called by many threads.
   *
   * @return what was done
   * @throws LoadException if a byte can't be read or placed
   */
  Brought bring(FileRead read, TransferPath path, FileReader reader, Scratch scratch)
      throws LoadException;

  /**
   * What was done for a read.
   *
   * @param path the way taken
   * @param readNanos how long the read took
   * @param copyNanos how long it took to wait for the device
   */
  record Brought(TransferPath path, long readNanos, long copyNanos) {}

  /**
   * What is in its place.
   *
   * @param read which bytes
   * @param brought what was done for them
   */
  record Arrived(FileRead read, Brought brought) {}

  /**
   * Waits until all that was brought is in its place; nothing is to come any more.
   *
   * @throws LoadException if it did not get there, or not in time
   */
  default void settle(Deadline deadline) throws LoadException {}

  /** Tells whether nothing is under way any more. */
  default boolean isSettled() {
    return true;
  }

  /**
   * Gives back what was promised and is not needed: nothing is to come any more.
   *
   * @param complete whether all came
   */
  default void end(boolean complete) {}

  /** Returns the memory, once all bytes are in their place; the caller owns it. */
  DeviceBuffer buffer();

  /** Returns where the ranges are. */
  List<Region> regions();

  /** Names this kind of target, for operators. */
  Placement way();
}
