// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.device.HostMemoryContext;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.util.OptionalInt;

/** Host memory in huge pages, kept from load to load. */
public final class LinuxContext extends HostMemoryContext {
  /** From here on huge pages save more than they waste. */
  private static final long LARGE = 4L << 20;

  private final LargeMemory large;
  private final OptionalInt node;

  /**
   * Opens it.
   *
   * @param libc the system
   * @param node the node that the memory is to be on; empty where there is only one
   * @param keptBytes how much memory may be kept for later, in bytes
   */
  public LinuxContext(Libc libc, OptionalInt node, long keptBytes) {
    super(HostLimits.SYSTEM);
    this.node = node;
    this.large = new LargeMemory(new Pages(libc, node), keptBytes);
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkRequest(bytes, alignment);
    return isLarge(bytes)
        ? large.touchAll(large.allocate(bytes, alignment, HostLimits.SYSTEM::reserve))
        : allocateInArena(bytes, alignment);
  }

  /** Tells whether memory of that size is worth {@link #allocateFresh}. */
  public static boolean isLarge(long bytes) {
    return bytes >= LARGE;
  }

  /** Allocates large memory for a load, and leaves it to the caller to touch it. */
  public FreshBuffer allocateFresh(long bytes, long alignment, LoadMemory memory)
      throws DeviceMemoryException {
    checkRequest(bytes, alignment);
    return large.allocate(bytes, alignment, memory::reserve);
  }

  /**
   * Promises a load the memory that {@link #cover} puts into a mapping.
   *
   * @throws DeviceMemoryException if there is less
   */
  public PagePromise promise(long bytes, LoadMemory memory) throws DeviceMemoryException {
    return large.promise(memory.reserve(bytes));
  }

  /**
   * Puts promised memory in the place of mapped memory, whole pages of it. It is given back when
   * the mapping is.
   *
   * @throws DeviceMemoryException if the system refuses
   */
  public void cover(long address, long bytes) throws DeviceMemoryException {
    large.cover(address, bytes);
  }

  @Override
  public OptionalInt numaNode() {
    return node;
  }

  @Override
  public void close() {
    super.close();
    large.close();
  }
}
