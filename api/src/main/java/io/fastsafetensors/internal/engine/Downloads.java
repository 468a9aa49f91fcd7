// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Copies from devices to host memory of any kind. */
final class Downloads {
  /** How much goes through staging memory at a time, in bytes. */
  private static final long STAGING_BYTES = 4 << 20;

  private static final Thread OTHER = Thread.ofPlatform().unstarted(() -> {});

  private Downloads() {}

  /** Returns a contiguous region as the host sees it; empty if it can't. */
  static Optional<MemorySegment> host(Region region) {
    return region.buffer().host().map(host -> host.asSlice(region.offset(), region.bytes()));
  }

  /** Copies a contiguous region to a segment of the same size; returns when all is there. */
  static void toHost(SharedContext context, Region source, MemorySegment target)
      throws LoadException {
    long bytes = source.bytes();
    context.attached();
    Optional<MemorySegment> host = host(source);
    if (host.isPresent()) {
      HostMemory.copyRows(host.get(), bytes, target, bytes, 1, bytes);
    } else if (canDeviceWrite(target)) {
      context.run(stream -> stream.copyToHost(source, target));
    } else {
      throughStaging(context, source, target);
    }
  }

  /** A device can't write to the Java heap, nor on its own thread to one thread's own memory. */
  private static boolean canDeviceWrite(MemorySegment target) {
    return target.isNative() && target.isAccessibleBy(OTHER);
  }

  private static void throughStaging(SharedContext context, Region source, MemorySegment target)
      throws LoadException {
    long bytes = source.bytes();
    try (DeviceBuffer staging =
        context.attached().allocateStaging(Math.clamp(bytes, 1, STAGING_BYTES))) {
      MemorySegment pinned = staging.host().orElseThrow();
      for (long done = 0; done < bytes; done += STAGING_BYTES) {
        long count = Math.min(STAGING_BYTES, bytes - done);
        Region part = source.slice(done, count);
        context.run(stream -> stream.copyToHost(part, pinned.asSlice(0, count)));
        MemorySegment.copy(pinned, 0, target, done, count);
      }
    }
  }
}
