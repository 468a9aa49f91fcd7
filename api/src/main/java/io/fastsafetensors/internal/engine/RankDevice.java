// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import java.util.List;
import java.util.function.Supplier;

/** Which device is a rank's own. */
final class RankDevice {
  private RankDevice() {}

  /**
   * A rank's device has its number on the host; but where the launcher shows each rank a device of
   * its own, that is device 0 to all of them.
   *
   * @param text {@code TYPE:INDEX}, or a type
   * @param visible finds all devices, which may take long
   */
  static Device of(String text, int localRank, Supplier<List<Device>> visible) {
    Device first = Device.parse(text);
    Device own = Device.parse(text, localRank);
    return own.equals(first) || isTheOnlyOne(first, visible.get()) ? first : own;
  }

  private static boolean isTheOnlyOne(Device device, List<Device> visible) {
    return visible.stream()
        .filter(other -> other.type().equals(device.type()))
        .toList()
        .equals(List.of(device));
  }
}
