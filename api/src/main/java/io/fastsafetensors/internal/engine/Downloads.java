// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
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

  /** Shows a contiguous region to work that keeps nothing of it; tells whether the host sees it. */
  static <E extends Exception> boolean inUse(Region region, HostMemory.Viewer<E> viewer) throws E {
    return HostMemory.show(
        region.buffer(), memory -> viewer.see(memory.asSlice(region.offset(), region.bytes())));
  }

  /** Copies a contiguous region to a segment of the same size; returns when all is there. */
  static void toHost(SharedContext context, Region source, MemorySegment target)
      throws LoadException {
    long bytes = source.bytes();
    context.attached();
    if (inUse(source, memory -> HostMemory.copyRows(memory, bytes, target, bytes, 1, bytes))) {
      return;
    }
    if (canDeviceWrite(target)) {
      context.run(stream -> stream.copyToHost(source, target));
    } else {
      throughStaging(context, source, (offset, part) -> target.asSlice(offset).copyFrom(part));
    }
  }

  /** A device can't write to the Java heap, nor on its own thread to one thread's own memory. */
  private static boolean canDeviceWrite(MemorySegment target) {
    return target.isNative() && target.isAccessibleBy(OTHER);
  }

  /** Looks at bytes of a region in host memory. */
  @FunctionalInterface
  interface Part<E extends Exception> {
    /**
     * Looks at adjacent bytes.
     *
     * @param offset where they start in the region
     * @param bytes the bytes, valid during the call
     */
    void see(long offset, MemorySegment bytes) throws E;
  }

  /** Shows a contiguous region: all at once if the host sees it, else piece by piece, in order. */
  static <E extends Exception> void show(SharedContext context, Region source, Part<E> part)
      throws LoadException, E {
    context.attached();
    if (!Downloads.<E>inUse(source, memory -> part.see(0, memory))) {
      throughStaging(context, source, part);
    }
  }

  /** Copies small parts of a region, side by side, to the heap; a device is waited for once. */
  static MemorySegment gather(SharedContext context, List<Region> parts) throws LoadException {
    int total = Math.toIntExact(parts.stream().mapToLong(Region::bytes).sum());
    MemorySegment target = MemorySegment.ofArray(new byte[total]);
    context.attached();
    if (inUse(parts.getFirst(), _ -> {})) {
      each(parts, target, (part, place) -> inUse(part, place::copyFrom));
      return target;
    }
    try (DeviceBuffer staging = context.attached().allocateStaging(total)) {
      MemorySegment pinned = staging.host().orElseThrow();
      context.run(stream -> each(parts, pinned, stream::copyToHost));
      return target.copyFrom(pinned.asSlice(0, total));
    }
  }

  private interface Copy<E extends Exception> {
    void copy(Region part, MemorySegment place) throws E;
  }

  private static <E extends Exception> void each(
      List<Region> parts, MemorySegment target, Copy<E> copy) throws E {
    long offset = 0;
    for (Region part : parts) {
      copy.copy(part, target.asSlice(offset, part.bytes()));
      offset += part.bytes();
    }
  }

  private static <E extends Exception> void throughStaging(
      SharedContext context, Region source, Part<E> seen) throws LoadException, E {
    long bytes = source.bytes();
    try (DeviceBuffer staging =
        context.attached().allocateStaging(Math.clamp(bytes, 1, STAGING_BYTES))) {
      MemorySegment pinned = staging.host().orElseThrow();
      for (long done = 0; done < bytes; done += STAGING_BYTES) {
        long count = Math.min(STAGING_BYTES, bytes - done);
        Region part = source.slice(done, count);
        context.run(stream -> stream.copyToHost(part, pinned.asSlice(0, count)));
        seen.see(done, pinned.asSlice(0, count));
      }
    }
  }
}
