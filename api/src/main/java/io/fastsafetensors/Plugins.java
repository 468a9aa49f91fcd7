// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.registry.Registry;
import java.util.List;

/**
 * A set of plug-ins: devices, backends and collectives. Immutable, thread-safe.
 *
 * @since 0.1
 */
public sealed interface Plugins permits Registry {
  /**
   * Returns the plug-ins on the module path and the class path of this library. They are looked for
   * once in a process.
   *
   * @return the plug-ins
   */
  static Plugins installed() {
    return Engines.get().installed();
  }

  /**
   * Probes every plug-in; may load native libraries. Blocks.
   *
   * @param device the device that backends and collectives are probed for
   * @return devices, backends and collectives, the preferred first; those that are refused (a
   *     duplicate id, another SPI version, a provider that can't be made) with the reason
   */
  List<PluginReport> probe(Device device);

  /**
   * Lists the devices that loaders can be opened on; may load native libraries. Blocks.
   *
   * @return {@code cpu}, then the devices of every other runtime that is available, by index
   */
  List<Device> devices();
}
