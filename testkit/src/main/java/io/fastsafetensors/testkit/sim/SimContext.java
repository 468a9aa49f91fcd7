// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An open simulated device. */
final class SimContext implements DeviceContext {
  private static final long PAGE = 4096;

  /** What fresh memory holds: whoever takes it for zeros is found out. */
  private static final byte GARBAGE = (byte) 0xDB;

  /** The context that a thread attached last; as with a driver, there is one at a time. */
  private static final ThreadLocal<SimContext> CURRENT = new ThreadLocal<>();

  private final SimDevice device;
  private final SimMemory memory;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();

  SimContext(SimDevice device, SimMemory memory) {
    this.device = device;
    this.memory = memory;
    device.contexts.incrementAndGet();
  }

  @Override
  public Device device() {
    return device.device();
  }

  @Override
  public void attach() {
    if (closed.get()) {
      throw device.violation("attached to a context that is closed");
    }
    CURRENT.set(this);
  }

  void requireAttached(String operation) {
    refuseUnless(CURRENT.get() == this, operation);
  }

  /** As with CUDA's events, marks can be awaited where a context of any device is attached. */
  void requireAnyAttached(String operation) {
    refuseUnless(CURRENT.get() != null, operation);
  }

  private void refuseUnless(boolean attached, String operation) {
    if (!attached) {
      throw device.violation(
          operation
              + " on thread "
              + Thread.currentThread().getName()
              + ", which did not attach"
              + " to this context (rule D-102)");
    }
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    requireAttached("allocation");
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
    failOnDemand(bytes);
    device.reserve(bytes);
    Arena arena = Arena.ofShared();
    try {
      MemorySegment segment = fresh(arena, bytes, 1);
      long address = bytes == 0 ? 0 : memory.map(segment, alignment);
      opened(device.buffers);
      return DeviceBuffer.ofDevice(device(), address, bytes, () -> free(address, bytes, arena));
    } catch (OutOfMemoryError e) {
      arena.close();
      device.release(bytes);
      throw new DeviceMemoryException(device(), bytes, -1, "no host memory to simulate it", e);
    }
  }

  private void free(long address, long bytes, Arena arena) {
    requireAttached("close of a buffer");
    memory.unmap(address);
    arena.close();
    device.release(bytes);
    closed(device.buffers);
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    requireAttached("allocation of staging memory");
    if (bytes < 1) {
      throw new IllegalArgumentException("staging memory of " + bytes + " bytes");
    }
    failOnDemand(bytes);
    Arena arena = Arena.ofShared();
    try {
      MemorySegment segment = fresh(arena, bytes, PAGE);
      opened(device.stagingBuffers);
      return DeviceBuffer.ofHost(segment, () -> freeStaging(arena));
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new DeviceMemoryException(device(), bytes, -1, "no host memory for staging", e);
    }
  }

  private void freeStaging(Arena arena) {
    requireAttached("close of staging memory");
    arena.close();
    closed(device.stagingBuffers);
  }

  private void failOnDemand(long bytes) throws DeviceMemoryException {
    if (device.allocationFuse.blows()) {
      throw new DeviceMemoryException(
          device(), bytes, device.freeBytes(), "simulated failure of an allocation", null);
    }
  }

  private static MemorySegment fresh(Arena arena, long bytes, long alignment) {
    return arena.allocate(bytes, alignment).fill(GARBAGE);
  }

  @Override
  public DeviceStream newStream() throws LoadException {
    requireAttached("creation of a stream");
    if (device.streamFuse.blows()) {
      throw new LoadException(device() + ": simulated failure of the creation of a stream");
    }
    DeviceStream stream = new SimStream(this);
    opened(device.streams);
    return stream;
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    return HostMemory.canConvert(from, to);
  }

  @Override
  public MemoryInfo memory() {
    requireAttached("question for free memory");
    return MemoryInfo.of(device.freeBytes(), device.totalBytes());
  }

  @Override
  public void close() {
    if (open.get() > 0) {
      throw device.violation(
          "context closed before " + open.get() + " of its buffers and streams (rule D-103)");
    }
    if (closed.compareAndSet(false, true)) {
      device.contexts.decrementAndGet();
    }
  }

  SimDevice simulated() {
    return device;
  }

  SimMemory addresses() {
    return memory;
  }

  private void opened(AtomicInteger kind) {
    open.incrementAndGet();
    kind.incrementAndGet();
  }

  void closed(AtomicInteger kind) {
    open.decrementAndGet();
    kind.decrementAndGet();
  }
}
