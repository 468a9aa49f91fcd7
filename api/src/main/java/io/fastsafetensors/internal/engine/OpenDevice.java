// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.registry.Candidates;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.DeviceRuntime;
import java.util.List;

/**
 * A device and how it was chosen.
 *
 * @param context the open device
 * @param candidates the runtimes considered, the preferred first
 */
record OpenDevice(SharedContext context, List<PluginReport> candidates) {
  /** Opens a device by the best runtime available. */
  static OpenDevice open(Registry registry, Device device) throws LoadException {
    Candidates<DeviceRuntime> runtimes = registry.runtimes(device);
    SharedContext context = new SharedContext(runtimes.next().open(device));
    return new OpenDevice(context, runtimes.reports());
  }
}
