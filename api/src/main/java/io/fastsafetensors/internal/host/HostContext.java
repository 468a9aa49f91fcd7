// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.HostLimits;
import io.fastsafetensors.spi.HostMemoryContext;
import io.fastsafetensors.spi.MemoryInfo;
import java.util.Optional;
import java.util.function.Supplier;

/** Host memory from the Java platform: each buffer is an arena of its own. */
final class HostContext extends HostMemoryContext {
  /** From here on it pays to look first: where memory is overcommitted, the kernel kills us. */
  private static final long LARGE = 16 << 20;

  private final HostLimits limits;

  /** Opens the context; {@code memory} tells what there is, or nothing. */
  HostContext(Supplier<Optional<MemoryInfo>> memory) {
    this(new HostLimits(memory));
  }

  private HostContext(HostLimits limits) {
    super(limits);
    this.limits = limits;
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkRequest(bytes, alignment);
    if (bytes >= LARGE) {
      limits.check(bytes);
    }
    return allocateInArena(bytes, alignment);
  }
}
