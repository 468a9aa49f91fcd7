// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.util.List;

/**
 * The ranges of a plan in device memory, every byte of them.
 *
 * @param buffers the memory, each buffer once; the receiver closes them
 * @param regions where each range of the plan is, in the plan's order, contiguous
 * @param stats how they came
 * @since 0.1
 */
public record LoadedRanges(List<DeviceBuffer> buffers, List<Region> regions, TransferStats stats) {
  /** Copies the lists. */
  public LoadedRanges {
    buffers = List.copyOf(buffers);
    regions = List.copyOf(regions);
  }
}
