// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Host memory from the Java platform: each buffer is an arena of its own. */
final class HostContext implements DeviceContext {
  /** The largest base page of the platforms that Java runs on. */
  private static final long PAGE = 64 << 10;

  /** From here on it pays to look first: where memory is overcommitted, the kernel kills us. */
  private static final long LARGE = 16 << 20;

  private final Supplier<Optional<MemoryInfo>> memory;
  private volatile boolean closed;

  /** Opens the context; {@code memory} tells what there is, or nothing. */
  HostContext(Supplier<Optional<MemoryInfo>> memory) {
    this.memory = memory;
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public void attach() {}

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkOpen();
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
    if (bytes >= LARGE) {
      checkFree(bytes);
    }
    Arena arena = Arena.ofShared();
    try {
      return DeviceBuffer.ofHost(arena.allocate(bytes, alignment), arena::close);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      // Besides the native heap's own answer, the JDK refuses sizes near 2^63 as an argument.
      arena.close();
      throw noMemory(bytes, freeBytes(), e);
    }
  }

  private void checkFree(long bytes) throws DeviceMemoryException {
    long free = freeBytes();
    if (free >= 0 && bytes > free) {
      throw noMemory(bytes, free, null);
    }
  }

  private long freeBytes() {
    return memory.get().map(MemoryInfo::freeBytes).orElse(-1L);
  }

  private static DeviceMemoryException noMemory(long bytes, long free, @Nullable Throwable cause) {
    String remedy = "free memory, load fewer tensors, or map the files instead of copying them";
    return new DeviceMemoryException(Device.CPU, bytes, free, remedy, cause);
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    if (bytes < 1) {
      throw new IllegalArgumentException("staging memory of " + bytes + " bytes");
    }
    return allocate(bytes, PAGE);
  }

  @Override
  public DeviceStream newStream() {
    checkOpen();
    return HostMemory.newStream(this);
  }

  @Override
  public boolean canConvert(DType from, DType to) {
    return HostMemory.canConvert(from, to);
  }

  @Override
  public MemoryInfo memory() throws LoadException {
    return memory
        .get()
        .orElseThrow(() -> new LoadException("cpu: this platform does not tell its memory"));
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this context of cpu is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
