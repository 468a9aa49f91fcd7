// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.MemoryInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/** Host memory in huge pages, kept from load to load. */
public final class LinuxContext implements DeviceContext {
  /** From here on huge pages save more than they waste. */
  private static final long LARGE = 4L << 20;

  private final Libc libc;
  private final LargeMemory large;
  private final OptionalInt node;
  private volatile boolean closed;

  /**
   * Opens it.
   *
   * @param libc the system
   * @param node the node that the memory is to be on; empty where there is only one
   * @param keptBytes how much memory may be kept for later, in bytes
   */
  public LinuxContext(Libc libc, OptionalInt node, long keptBytes) {
    this.libc = libc;
    this.node = node;
    this.large = new LargeMemory(new Pages(libc, node), keptBytes);
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public void attach() {}

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    DeviceBuffer buffer = allocateFresh(bytes, alignment);
    if (isLarge(bytes)) {
      large.touchAll(buffer);
    }
    return buffer;
  }

  /** Tells whether memory of that size is fresh from {@link #allocateFresh}. */
  public static boolean isLarge(long bytes) {
    return bytes >= LARGE;
  }

  /**
   * Allocates like {@link #allocate}, but leaves it to the caller to {@link #touch} large memory:
   * best right before it is written, by the thread that does.
   */
  public DeviceBuffer allocateFresh(long bytes, long alignment) throws DeviceMemoryException {
    checkOpen();
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
    return isLarge(bytes) ? large.allocate(bytes, alignment) : small(bytes, alignment);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed when the buffer is
  private static DeviceBuffer small(long bytes, long alignment) throws DeviceMemoryException {
    Arena arena = Arena.ofShared();
    try {
      return DeviceBuffer.ofHost(arena.allocate(bytes, alignment), arena::close);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      // Besides the native heap's own answer, the JDK refuses alignments near 2^63.
      arena.close();
      throw HostLimits.exceeded(bytes, e);
    }
  }

  /**
   * Makes the pages of a part of {@linkplain #allocateFresh fresh} memory be there.
   *
   * @throws DeviceMemoryException if there are not enough
   */
  public void touch(MemorySegment part) throws DeviceMemoryException {
    large.touch(part.address(), part.byteSize());
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    if (bytes < 1) {
      throw new IllegalArgumentException("staging memory of " + bytes + " bytes");
    }
    return allocate(bytes, libc.pageSize());
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
    return HostMemory.memory()
        .orElseThrow(() -> new LoadException("cpu: can't read /proc/meminfo"));
  }

  @Override
  public OptionalInt numaNode() {
    return node;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this context of cpu is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    large.close();
  }
}
