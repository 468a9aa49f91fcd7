// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.HostLimits;
import io.fastsafetensors.spi.HostMemoryContext;
import java.lang.foreign.MemorySegment;
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
    checkRequest(bytes, alignment);
    return isLarge(bytes) ? large.allocate(bytes, alignment) : allocateInArena(bytes, alignment);
  }

  /**
   * Makes sure that there is memory, at the cost of what is kept.
   *
   * @throws DeviceMemoryException if there is less
   */
  public void makeRoom(long bytes) throws DeviceMemoryException {
    large.makeRoom(bytes);
  }

  /**
   * Puts {@linkplain #allocateFresh fresh} memory in the place of mapped memory, whole pages of it.
   * It is given back when the mapping is.
   *
   * @throws DeviceMemoryException if the system refuses
   */
  public void cover(long address, long bytes) throws DeviceMemoryException {
    large.cover(address, bytes);
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
  public OptionalInt numaNode() {
    return node;
  }

  @Override
  public void close() {
    super.close();
    large.close();
  }
}
