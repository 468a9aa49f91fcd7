// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.DeviceRuntime;
import java.util.List;

/**
 * What is plugged in.
 *
 * @since 0.1
 */
public final class Plugins {
  private Plugins() {}

  /**
   * Probes every plug-in that is found on the module path or class path; may load native libraries.
   * Blocks, thread-safe.
   *
   * @param device the device that backends and collectives are probed for
   * @return devices, backends and collectives, the preferred first; those that are refused (a
   *     duplicate id, another SPI version, a provider that can't be made) with the reason
   */
  public static List<PluginReport> probe(Device device) {
    return Registry.discover().report(device);
  }

  /**
   * Lists the devices that loaders can be opened on; may load native libraries. Blocks,
   * thread-safe.
   *
   * @return {@code cpu}, then the devices of every other runtime that is available, by index
   */
  public static List<Device> devices() {
    return Registry.discover().devices();
  }

  /**
   * Finds the runtime that a loader takes for a device: how tests of a backend come by memory.
   * Blocks, thread-safe.
   *
   * @param device the device
   * @return the available runtime of highest priority
   * @throws BackendUnavailableException if there is none; it says why
   */
  public static DeviceRuntime runtime(Device device) throws BackendUnavailableException {
    return Registry.discover().runtime(device);
  }
}
