// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the ranges of a plan go in memory that the host sees, aligned as well as the way allows.
 *
 * @param plan the ranges
 * @param spans their layout
 * @param lead how far all of it is shifted, in bytes, so that most tensors get aligned
 */
record HostLayout(RangePlan plan, RangeLayout spans, long lead) {
  /** Lays out for reads from the page cache, which go anywhere. */
  static HostLayout forCopies(RangePlan plan, Alignment alignment) {
    return new HostLayout(plan, RangeLayout.of(plan, alignment.rules(1)), 0);
  }

  /**
   * Lays out for reads past the page cache: memory is to the file as the file system needs it,
   * unless that contradicts the alignment.
   */
  static HostLayout forDirect(RangePlan plan, Alignment alignment, DirectFile direct) {
    long grain = Math.max(PosixTuning.GRAIN, direct.grain());
    long wanted = -first(plan) & (alignment.bytes() - 1);
    long lead = wanted % direct.memoryGrain() == 0 ? wanted : 0;
    return alignment.allows(plan, lead)
        ? new HostLayout(
            plan,
            RangeLayout.of(plan, Rules.builder().maxGap(PosixTuning.MAX_GAP).grain(grain).build()),
            lead)
        : new HostLayout(plan, RangeLayout.of(plan, alignment.rules(grain)), 0);
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
