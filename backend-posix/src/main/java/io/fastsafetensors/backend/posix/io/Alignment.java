// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.ReadTuning;

/**
 * What the addresses of tensors are to be multiples of, and how tensors are laid out for that.
 *
 * @param bytes the multiple, a power of two
 * @param from the smallest tensor for whose sake alone a read or copy of its own is made; 0 is
 *     every one, whatever it costs
 * @param least what will do where {@code bytes} can't be had without moving bytes
 */
record Alignment(long bytes, long from, long least) {
  /** A line of the processor's caches, or whatever the file has. */
  private static final Alignment OF_HOSTS = new Alignment(64, 64 << 10, 1);

  /** What devices want to load from at full width, or what they load at once. */
  private static final Alignment OF_DEVICES = new Alignment(256, 64 << 10, 16);

  /** Returns what a device wants, unless it is demanded: 0 demands nothing. */
  static Alignment of(Device device, long demanded) {
    if (demanded != 0) {
      return new Alignment(demanded, 0, demanded);
    }
    return device.isCpu() ? OF_HOSTS : OF_DEVICES;
  }

  /** Lays out for reads that go anywhere. */
  RangeLayout layout(RangePlan plan) {
    return RangeLayout.of(plan, rules(1));
  }

  /**
   * Lays out for reads past the page cache: memory is to the file as the file system needs it,
   * unless that contradicts the alignment. A shift of all tensors aligns most.
   */
  RangeLayout layout(RangePlan plan, DirectFile direct) {
    long grain = Math.max(ReadTuning.GRAIN, direct.grain());
    long wanted = -first(plan) & (bytes - 1);
    long lead = wanted % direct.memoryGrain() == 0 ? wanted : 0;
    if (!allows(plan, lead)) {
      return RangeLayout.of(plan, rules(grain));
    }
    Rules unmoved = Rules.builder().maxGap(FileRead.MAX_GAP).grain(grain).build();
    return RangeLayout.of(plan, unmoved).shifted(lead);
  }

  private static long first(RangePlan plan) {
    return plan.ranges().stream()
        .filter(range -> range.size() > 0)
        .mapToLong(ByteRange::begin)
        .findFirst()
        .orElse(0);
  }

  private Rules rules(long grain) {
    return Rules.builder()
        .alignment(bytes)
        .alignFrom(from)
        .maxGap(FileRead.MAX_GAP)
        .grain(grain)
        .build();
  }

  /** Tells whether it is good enough to leave tensors as they are in the file, but for a shift. */
  private boolean allows(RangePlan plan, long shift) {
    return from > 0
        && plan.ranges().stream()
            .filter(range -> range.size() >= from)
            .allMatch(range -> (range.begin() + shift & least - 1) == 0);
  }
}
