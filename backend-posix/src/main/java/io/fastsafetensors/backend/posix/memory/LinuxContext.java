// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.device.HostMemoryContext;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Host memory in huge pages, kept from load to load. */
public final class LinuxContext extends HostMemoryContext implements DeviceContext.LateMemory {
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
    return bytes >= LARGE
        ? LargeMemory.touchAll(large.allocate(bytes, alignment, HostLimits.SYSTEM::reserve))
        : super.allocate(bytes, alignment);
  }

  @Override
  public Optional<LateMemory> lateMemory() {
    return Optional.of(this);
  }

  @Override
  public Keeping keep(long bytes) {
    return large.keep(bytes);
  }

  @Override
  public long leastBytes() {
    return LARGE;
  }

  @Override
  public LateBuffer allocate(long bytes, long alignment, LoadMemory memory)
      throws DeviceMemoryException {
    checkRequest(bytes - 1, alignment);
    return large.allocate(bytes, alignment, memory::reserve);
  }

  @Override
  public LatePages cover(List<MemorySegment> parts, LoadMemory memory)
      throws DeviceMemoryException {
    checkRequest(0, 1);
    return large.cover(parts, memory::reserve);
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
