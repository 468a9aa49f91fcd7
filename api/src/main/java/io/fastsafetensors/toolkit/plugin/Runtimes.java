// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.DeviceRuntime;

/**
 * Device runtimes: how a collective, and tests of a backend, come by memory.
 *
 * @since 0.1
 */
public final class Runtimes {
  private Runtimes() {}

  /**
   * Finds the runtime that a loader takes for a device: of the same plug-ins as the collective that
   * is being probed or joins on this thread, else of those that are installed. Blocks, thread-safe.
   *
   * @param device the device
   * @return the available runtime of highest priority
   * @throws BackendUnavailableException if there is none; it says why
   */
  public static DeviceRuntime of(Device device) throws BackendUnavailableException {
    return Registry.current().runtime(device);
  }

  /**
   * Finds the runtime that a loader with given plug-ins takes for a device. Blocks, thread-safe.
   *
   * @param device the device
   * @param plugins the plug-ins
   * @return the available runtime of highest priority
   * @throws BackendUnavailableException if there is none; it says why
   */
  public static DeviceRuntime of(Device device, Plugins plugins)
      throws BackendUnavailableException {
    return ((Registry) plugins).runtime(device);
  }
}
