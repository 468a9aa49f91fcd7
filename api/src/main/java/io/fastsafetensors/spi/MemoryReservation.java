// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.DeviceMemoryException;
import java.lang.ScopedValue.CallableOp;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Host memory that was promised: it is not there yet, and nobody else in this process is promised
 * it. What is promised ends bit by bit as pages are made ({@link #made}), since the kernel counts
 * those, or at once ({@link #close}).
 *
 * <p>Thread-safe; nothing here blocks for longer than it takes to read a few small files.
 *
 * @since 0.1
 */
public final class MemoryReservation implements AutoCloseable {
  /** What the calling thread allocates from. */
  private static final ScopedValue<MemoryReservation> ENCLOSING = ScopedValue.newInstance();

  private final MemoryLedger ledger;
  private final AtomicLong left;

  private MemoryReservation(MemoryLedger ledger, long bytes) {
    this.ledger = ledger;
    this.left = new AtomicLong(bytes);
  }

  /** Promises memory, from what the calling thread {@linkplain #during draws from} if it does. */
  static MemoryReservation make(MemoryLedger ledger, long bytes) throws DeviceMemoryException {
    if (ENCLOSING.isBound() && ENCLOSING.get().ledger == ledger) {
      return ENCLOSING.get().part(bytes);
    }
    ledger.promise(bytes);
    return new MemoryReservation(ledger, bytes);
  }

  /**
   * Splits off a part; if this has not so much left, the rest is promised anew.
   *
   * @param bytes how much
   * @return the part; the caller closes it
   * @throws DeviceMemoryException if there is less
   */
  public MemoryReservation part(long bytes) throws DeviceMemoryException {
    long taken = take(bytes);
    if (taken < bytes) {
      try {
        ledger.promise(bytes - taken);
      } catch (DeviceMemoryException e) {
        left.addAndGet(taken);
        throw e;
      }
    }
    return new MemoryReservation(ledger, bytes);
  }

  private long take(long bytes) {
    long before = left.getAndUpdate(now -> now - Math.min(now, bytes));
    return Math.min(before, bytes);
  }

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
  public <T, X extends Throwable> T during(CallableOp<? extends T, X> work) throws X {
    return ScopedValue.where(ENCLOSING, this).<T, X>call(work);
  }

  /**
   * Makes sure that the memory is still there, right before pages are made: other processes may
   * share the limits, and have taken it. Cheap: the kernel is asked only now and then.
   *
   * @param bytes how much is to be made
   * @throws DeviceMemoryException if it is gone
   */
  public void check(long bytes) throws DeviceMemoryException {
    ledger.checkUse(bytes);
  }

  /**
   * Notes that pages were made, which the kernel counts from then on.
   *
   * @param bytes how much
   */
  public void made(long bytes) {
    ledger.noteUse(bytes, take(bytes));
  }

  /** Ends what is left of the promise; a second call does nothing. */
  @Override
  public void close() {
    ledger.takeBack(left.getAndSet(0));
  }
}
