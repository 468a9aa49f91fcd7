// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.lang.ScopedValue.CallableOp;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The host memory of a load, in a test: counts what is promised, or refuses all of it. */
final class WatchedMemory implements LoadMemory {
  private final LoadMemory memory = PlannedMemory.unplanned();
  private final AtomicInteger asked = new AtomicInteger();
  private final Set<Promise> open = ConcurrentHashMap.newKeySet();
  private volatile boolean refusing;

  void refuse() {
    refusing = true;
  }

  /** Returns how often memory was asked for. */
  int asked() {
    return asked.get();
  }

  /** Returns how many promises nobody has closed. */
  int open() {
    return open.size();
  }

  /** Ends what is still promised, so that a wrong backend takes nothing from the next test. */
  void endAll() {
    Set.copyOf(open).forEach(Promise::close);
  }

  @Override
  public boolean fits() {
    return !refusing && memory.fits();
  }

  @Override
  public Reservation reserve(long bytes) throws DeviceMemoryException {
    asked.incrementAndGet();
    if (refusing) {
      throw new DeviceMemoryException(Device.CPU, bytes, 0, "refused by the testkit", null);
    }
    Promise promise = new Promise(memory.reserve(bytes));
    open.add(promise);
    return promise;
  }

  private final class Promise implements Reservation {
    private final Reservation promised;

    Promise(Reservation promised) {
      this.promised = promised;
    }

    @Override
    public <T, X extends Throwable> T during(CallableOp<? extends T, X> work) throws X {
      return promised.<T, X>during(work);
    }

    @Override
    public <T, X extends Throwable> T make(long bytes, CallableOp<? extends T, X> making)
        throws DeviceMemoryException, X {
      return promised.<T, X>make(bytes, making);
    }

    @Override
    public void close() {
      open.remove(this);
      promised.close();
    }
  }
}
