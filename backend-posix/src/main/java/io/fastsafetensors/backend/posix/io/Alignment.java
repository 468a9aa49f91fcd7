// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;

/**
 * What the addresses of tensors are to be multiples of.
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

  /** Returns the rules of a layout that moves bytes for it. */
  Rules rules(long grain) {
    return Rules.builder()
        .alignment(bytes)
        .alignFrom(from)
        .maxGap(PosixTuning.MAX_GAP)
        .grain(grain)
        .build();
  }

  /** Tells whether it is good enough to leave tensors as they are in the file, but for a shift. */
  boolean allows(RangePlan plan, long shift) {
    return from > 0
        && plan.ranges().stream()
            .filter(range -> range.size() >= from)
            .allMatch(range -> (range.begin() + shift & least - 1) == 0);
  }
}
