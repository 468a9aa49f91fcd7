// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The ranges of a plan in device memory, every byte of them; immutable.
 *
 * @since 0.1
 */
public final class LoadedRanges {
  private final List<DeviceBuffer> buffers;
  private final List<Region> regions;
  private final TransferStats stats;

  private LoadedRanges(List<DeviceBuffer> buffers, List<Region> regions, TransferStats stats) {
    this.buffers = List.copyOf(buffers);
    this.regions = List.copyOf(regions);
    this.stats = stats;
  }

  /**
   * Makes an answer; copies the lists.
   *
   * @param buffers the memory, each buffer once; the receiver closes them
   * @param regions where each range of the plan is, in the plan's order, contiguous
   * @param stats how they came
   * @return the answer
   */
  public static LoadedRanges of(
      List<DeviceBuffer> buffers, List<Region> regions, TransferStats stats) {
    return new LoadedRanges(buffers, regions, stats);
  }

  /** {@return the memory, each buffer once; the receiver closes them} */
  public List<DeviceBuffer> buffers() {
    return buffers;
  }

  /** {@return where each range of the plan is, in the plan's order, contiguous} */
  public List<Region> regions() {
    return regions;
  }

  /** {@return how they came} */
  public TransferStats stats() {
    return stats;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoadedRanges that
        && buffers.equals(that.buffers)
        && regions.equals(that.regions)
        && stats.equals(that.stats);
  }

  @Override
  public int hashCode() {
    return Objects.hash(buffers, regions, stats);
  }

  @Override
  public String toString() {
    return "buffers " + buffers + ", regions " + regions + ", stats " + stats;
  }
}
