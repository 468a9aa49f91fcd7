// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.LoadMemory;
import java.lang.ScopedValue.CallableOp;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Host memory that {@link HostLimits} promised, and its parts.
 *
 * <p>Thread-safe; nothing here blocks for longer than it takes to read a few small files.
 *
 * @since 0.1
 */
public final class MemoryReservation implements LoadMemory.Reservation {
  /** What the calling thread allocates from. */
  private static final ScopedValue<MemoryReservation> ENCLOSING = ScopedValue.newInstance();

  private final MemoryLedger ledger;
  private final AtomicLong left;

  /** The size of what this is a part of. */
  private final long whole;

  private MemoryReservation(MemoryLedger ledger, long bytes, long whole) {
    this.ledger = ledger;
    this.left = new AtomicLong(bytes);
    this.whole = whole;
  }

  /** Promises memory, from what the calling thread {@linkplain #during draws from} if it does. */
  static MemoryReservation of(MemoryLedger ledger, long bytes) throws DeviceMemoryException {
    if (ENCLOSING.isBound() && ENCLOSING.get().ledger == ledger) {
      return ENCLOSING.get().part(bytes);
    }
    ledger.promise(bytes);
    return new MemoryReservation(ledger, bytes, bytes);
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
    return new MemoryReservation(ledger, bytes, Math.max(whole, bytes));
  }

  private long take(long bytes) {
    long before = left.getAndUpdate(now -> now - Math.min(now, bytes));
    return Math.min(before, bytes);
  }

  @Override
  public <T, X extends Throwable> T during(CallableOp<? extends T, X> work) throws X {
    return ScopedValue.where(ENCLOSING, this).<T, X>call(work);
  }

  @Override
  public <T, X extends Throwable> T make(long bytes, CallableOp<? extends T, X> making)
      throws DeviceMemoryException, X {
    ledger.begin(bytes, whole);
    try {
      return making.call();
    } finally {
      ledger.end(bytes, take(bytes));
    }
  }

  @Override
  public void close() {
    ledger.takeBack(left.getAndSet(0));
  }
}
