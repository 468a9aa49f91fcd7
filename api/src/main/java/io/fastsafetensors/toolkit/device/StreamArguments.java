// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;

/**
 * The checks of what is asked of a {@link DeviceStream} that every device makes before it queues
 * anything (rules D-205 and D-206).
 *
 * <p>Thread-safe; none blocks.
 *
 * @since 0.1
 */
public final class StreamArguments {
  private StreamArguments() {}

  /**
   * Checks the regions of a copy on the device.
   *
   * @param source where from
   * @param target where to
   * @throws IllegalArgumentException if their rows differ in number or size
   */
  public static void checkRows(Region source, Region target) {
    if (source.rows() != target.rows() || source.rowBytes() != target.rowBytes()) {
      throw new IllegalArgumentException("rows differ: " + source + ", " + target);
    }
  }

  /**
   * Checks the host's side of a copy.
   *
   * @param host host memory
   * @param region the device's side
   * @throws IllegalArgumentException if the sizes differ
   */
  public static void checkHost(MemorySegment host, Region region) {
    if (host.byteSize() != region.bytes()) {
      throw new IllegalArgumentException(
          "host memory of " + host.byteSize() + " bytes for " + region.bytes());
    }
  }

  /**
   * Checks a conversion.
   *
   * @param context the device, asked whether it knows the pair
   * @param source the elements
   * @param from their type
   * @param target space for them
   * @param to the new type
   * @return how many elements there are
   * @throws IllegalArgumentException if the device doesn't know the pair, if a region is not
   *     contiguous or not a whole number of elements, or if the numbers of elements differ
   */
  public static long checkConversion(
      DeviceContext context, Region source, DType from, Region target, DType to) {
    if (!context.canConvert(from, to)) {
      throw new IllegalArgumentException("no conversion from " + from + " to " + to);
    }
    if (!source.isContiguous() || !target.isContiguous()) {
      throw new IllegalArgumentException("not contiguous: " + source + ", " + target);
    }
    long elements = elements(source, from);
    if (elements != elements(target, to)) {
      throw new IllegalArgumentException("sizes don't match: " + source + ", " + target);
    }
    return elements;
  }

  private static long elements(Region region, DType type) {
    long bits = Math.multiplyExact(region.bytes(), (long) Byte.SIZE);
    if (bits % type.bits() != 0) {
      throw new IllegalArgumentException(region + " is not a whole number of " + type);
    }
    return bits / type.bits();
  }
}
