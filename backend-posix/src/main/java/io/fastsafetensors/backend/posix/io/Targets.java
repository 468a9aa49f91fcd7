// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.posix.io.Sorter.Known;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.RangePlan;
import org.jspecify.annotations.Nullable;

/** Chooses, by device, options and page cache, where the bytes of a file go. */
final class Targets implements AutoCloseable {
  /** How many streams copy at a time; more don't make a bus faster. */
  private static final int STREAMS = 2;

  private final Libc libc;
  private final DeviceContext context;
  private final IoOptions options;
  private final Tuning tuning;
  private @Nullable StagingRing ring;
  private long held;

  Targets(Libc libc, DeviceContext context, IoOptions options, Tuning tuning) {
    this.libc = libc;
    this.context = context;
    this.options = options;
    this.tuning = tuning;
  }

  /**
   * A choice.
   *
   * @param target the memory
   * @param known what was found out about the file
   */
  record Choice(Target target, Known known) {}

  Choice choose(RangePlan plan, SourceFile file) throws LoadException {
    if (!context.device().isCpu()) {
      return new Choice(ring(plan, file), Known.NOTHING);
    }
    boolean cached = tuning.direct() != DirectMode.ON && isCached(plan, file);
    boolean mapped = options.path() == AccessPath.MAPPED
        || options.path() == AccessPath.AUTO && cached && plan.bytes() > 0 && isAligned(plan);
    if (mapped) {
      return new Choice(map(plan, file), Known.MAPPED);
    }
    return new Choice(copy(plan, file, cached), cached ? Known.CACHED : Known.NOTHING);
  }
  

  private Target ring(RangePlan plan, SourceFile file) throws LoadException {
    RangeLayout layout = RingTarget.layout(plan, tuning.alignment());
    reserve(layout.bytes());
    StagingRing known = ring;
    if (known == null) {
      int most = tuning.threads() + 2 * STREAMS;
      known = StagingRing.open(context, tuning.blockBytes(), most, STREAMS);
      ring = known;
    }
    return RingTarget.allocate(context, layout, file, known, tuning.blockBytes());
  }

  private void reserve(long bytes) throws DeviceMemoryException {
    long left = options.memoryBudget() - held;
    if (bytes > left) {
      throw new DeviceMemoryException(
          context.device(),
          bytes,
          left,
          "the memory budget of " + options.memoryBudget() + " bytes: raise it, or load fewer tensors",
          null);
    }
    held += bytes;
  }

  @Override
  public void close() {
    if (ring != null) {
      ring.close();
    }
  }
}
