// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.DeviceMemoryException;
import java.lang.ScopedValue.CallableOp;

/**
 * The host memory that the copies of one load take: what a session asks before it allocates, so
 * that a load that can't fit fails with the numbers before it reads, or maps its files. Given to
 * sessions by {@link IoMonitor#memory}. Thread-safe.
 *
 * @since 0.1
 */
public interface LoadMemory {
  /**
   * Tells whether there is memory to copy the whole load; backends that may choose map files if
   * not. Asked once a load: the answer stays as it is.
   *
   * @return true if all of it was promised to this load
   */
  boolean fits();

  /**
   * Promises memory for a file.
   *
   * @param bytes how much
   * @return the promise; the caller closes it (rule IO-124)
   * @throws DeviceMemoryException if there is less, or not enough for a load that has to copy all;
   *     the session throws it on
   */
  Reservation reserve(long bytes) throws DeviceMemoryException;

  /**
   * Runs something that allocates host memory for a file, of which all pages are there when it
   * returns.
   *
   * @param <T> what it returns
   * @param <X> what it throws
   * @param bytes how much it allocates
   * @param work the work
   * @return what the work returned
   * @throws DeviceMemoryException if there is less
   * @throws X if the work did
   */
  default <T, X extends Throwable> T during(long bytes, CallableOp<? extends T, X> work)
      throws DeviceMemoryException, X {
    try (Reservation promise = reserve(bytes)) {
      return promise.<T, X>during(work);
    }
  }

  /**
   * Host memory that was promised: it is not there yet, and nobody else in this process is promised
   * it. What is promised ends bit by bit as pages are made ({@link #make}), since the kernel counts
   * those, or at once ({@link #close}). Thread-safe.
   *
   * @since 0.1
   */
  interface Reservation extends AutoCloseable {
    /**
     * Runs something that allocates host memory on this thread: it draws from this reservation
     * instead of asking for more.
     *
     * @param <T> what it returns
     * @param <X> what it throws
     * @param work the work
     * @return what the work returned
     * @throws X if the work did
     */
    <T, X extends Throwable> T during(CallableOp<? extends T, X> work) throws X;

    /**
     * Makes pages of this reservation, which the kernel counts from then on. Makes sure before that
     * the memory is still there: other processes may share the limits, and have taken it. Cheap:
     * the kernel is asked only now and then.
     *
     * @param <T> what making returns
     * @param <X> what making throws
     * @param bytes how much is made
     * @param making makes the pages
     * @return what making returned
     * @throws DeviceMemoryException if the memory is gone: nothing is made
     * @throws X if making did
     */
    <T, X extends Throwable> T make(long bytes, CallableOp<? extends T, X> making)
        throws DeviceMemoryException, X;

    /** Ends what is left of the promise; a second call does nothing. */
    @Override
    void close();
  }
}
