// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.RangeLayout.Rules;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the ranges of a plan go in host memory, aligned as well as the way allows.
 *
 * @param plan the ranges
 * @param spans their layout
 * @param lead how far all of it is shifted, in bytes, so that most tensors get aligned
 */
record HostLayout(RangePlan plan, RangeLayout spans, long lead) {
  /** What tensors are aligned to where it costs nothing: a line of the processor's caches. */
  static final long ALIGNMENT = 64;

  /** For smaller ranges than that no read of its own is made, only for the alignment's sake. */
  private static final long ALIGNED_FROM = 64 << 10;

  /** Lays out for reads from the page cache, which go anywhere. */
  static HostLayout forCopies(RangePlan plan, long alignment) {
    Rules rules =
        alignment == 0
            ? new Rules(ALIGNMENT, ALIGNED_FROM, Tuning.MAX_GAP, 1)
            : new Rules(alignment, 0, Tuning.MAX_GAP, 1);
    return new HostLayout(plan, RangeLayout.of(plan, rules), 0);
  }

  /**
   * Lays out for reads past the page cache: memory is to the file as the file system needs it,
   * unless an alignment is demanded that contradicts.
   */
  static HostLayout forDirect(RangePlan plan, long alignment, DirectFile direct) {
    long grain = Math.max(Tuning.GRAIN, direct.grain());
    if (alignment != 0) {
      return new HostLayout(
          plan, RangeLayout.of(plan, new Rules(alignment, 0, Tuning.MAX_GAP, grain)), 0);
    }
    long lead = -first(plan) & (ALIGNMENT - 1);
    return new HostLayout(
        plan,
        RangeLayout.of(plan, new Rules(1, 0, Tuning.MAX_GAP, grain)),
        lead % direct.memoryGrain() == 0 ? lead : 0);
  }

  private static long first(RangePlan plan) {
    return plan.ranges().stream()
        .filter(range -> range.size() > 0)
        .mapToLong(ByteRange::begin)
        .findFirst()
        .orElse(0);
  }

  long bytes() {
    return spans.bytes() + lead;
  }

  List<Region> regions(DeviceBuffer buffer) {
    List<Region> regions = new ArrayList<>(plan.ranges().size());
    for (int i = 0; i < plan.ranges().size(); i++) {
      regions.add(Region.of(buffer, lead + spans.offset(i), plan.ranges().get(i).size()));
    }
    return regions;
  }
}
