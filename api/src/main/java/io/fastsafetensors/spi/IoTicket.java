// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import java.util.Optional;

/**
 * A file being read.
 *
 * <p>Its methods are for one thread at a time, but for those of {@link EarlyRanges}.
 *
 * @since 0.1
 */
public interface IoTicket extends AutoCloseable {
  /**
   * Ranges of the file that are given out before all are there.
   *
   * <p>Any number of threads, attached to the device, call these methods at any time: also while
   * another thread is in a method of the ticket, and after it (rule IO-134).
   *
   * @since 0.1
   */
  interface EarlyRanges {
    /**
     * Tells whether every byte of a range is in its place; never blocks (rule IO-132).
     *
     * @param range the range's place in the plan, from 0
     * @return true if {@link #await} would return at once
     */
    boolean isThere(int range);

    /**
     * Has a range read before what is not wanted as soon (rule IO-135); of several, the first one
     * preferred comes first. Does nothing if it is there, or under way. Never blocks.
     *
     * @param range the range's place in the plan, from 0
     */
    void prefer(int range);

    /**
     * Waits until every byte of a range is in its place, and for no other range (rules IO-131 and
     * IO-132).
     *
     * <p>With the first range of a buffer that is given out the buffer becomes the caller's, also
     * if the ticket fails or is closed later. The caller closes it once, when the ticket was
     * awaited or closed, since other ranges may be on their way into it (rule IO-133).
     *
     * @param range the range's place in the plan, from 0
     * @return where it is, the same region that {@link IoTicket#await} gives
     * @throws UnsupportedTransferException as {@link IoTicket#await}
     * @throws LoadException as {@link IoTicket#await}, or if the ticket was stopped or closed
     */
    Region await(int range) throws LoadException;
  }

  /**
   * Returns the ranges one by one, for who can't wait for the last. Called at most once, right
   * after the file was submitted.
   *
   * @return the ranges; empty, as this method returns, if they are known only all together
   */
  default Optional<EarlyRanges> early() {
    return Optional.empty();
  }

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
