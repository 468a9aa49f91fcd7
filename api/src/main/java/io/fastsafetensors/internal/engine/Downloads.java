// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.HostMemory;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;

/** Copies from devices to host memory of any kind. */
final class Downloads {
  /** How much goes through staging memory at a time when the target is on the heap, in bytes. */
  private static final long STAGING_BYTES = 4 << 20;

  private Downloads() {}

  /** Copies a contiguous region to a segment of the same size; returns when all is there. */
  static void toHost(SharedContext context, Region source, MemorySegment target)
      throws LoadException {
    long bytes = source.bytes();
    MemorySegment host = source.buffer().host().orElse(null);
    if (host != null) {
      HostMemory.copyRows(host.asSlice(source.offset(), bytes), bytes, target, bytes, 1, bytes);
    } else if (target.isNative()) {
      context.run(stream -> stream.copyToHost(source, target));
    } else {
      throughStaging(context, source, target);
    }
  }

  private static void throughStaging(SharedContext context, Region source, MemorySegment target)
      throws LoadException {
    long bytes = source.bytes();
    try (DeviceBuffer staging =
        context.attached().allocateStaging(Math.max(1, Math.min(bytes, STAGING_BYTES)))) {
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
