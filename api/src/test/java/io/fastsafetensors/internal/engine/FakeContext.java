// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/** An open simulated device: insists on attached threads and on being open. */
final class FakeContext implements DeviceContext {
  private final FakeRuntime runtime;
  private final Device device;
  private final Ledger.Entry entry;
  private final Set<Thread> attached =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  FakeContext(FakeRuntime runtime, Device device) {
    this.runtime = runtime;
    this.device = device;
    this.entry = runtime.ledger.open("context");
  }

  FakeRuntime runtime() {
    return runtime;
  }

  void checkUsable() {
    entry.checkOpen();
    if (!attached.contains(Thread.currentThread())) {
      throw new AssertionError("this thread is not attached to " + device);
    }
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public void attach() {
    entry.checkOpen();
    attached.add(Thread.currentThread());
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkUsable();
    if (runtime.allocationsUntilFailure.getAndDecrement() <= 0) {
      throw new DeviceMemoryException(device, bytes, 0, "no memory on demand", null);
    }
    return new FakeBuffer(this, bytes, alignment, "buffer", runtime.hostVisible);
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) {
    checkUsable();
    return new FakeBuffer(this, bytes, 64, "staging", true);
  }

  @Override
  public DeviceStream newStream() {
    checkUsable();
    return new FakeStream(this);
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    checkUsable();
    return HostMemory.canConvert(from, to);
  }

  @Override
  public MemoryInfo memory() {
    return MemoryInfo.of(0, 0);
  }

  @Override
  public void close() {
    // In this order: what other ranks have open belongs to contexts that are still open too.
    if (isLast() && runtime.ledger.stillOpen("buffer", "staging", "stream") > 0) {
      throw new AssertionError("the context was closed before what was made from it");
    }
    entry.close();
  }

  private boolean isLast() {
    return runtime.ledger.stillOpen("context") == 1;
  }
}
