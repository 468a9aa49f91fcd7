// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.registry.Registry;
import java.util.List;

/**
 * A set of plug-ins: devices, backends and collectives. Immutable, thread-safe. Each loader and
 * group takes its plug-ins from one set, and sets differ at will within a process. The runtime of
 * host memory is part of every set.
 *
 * <p>What can't be used is refused and never fails a search: a plug-in that can't be made, has a
 * malformed id, one that another plug-in or this library has, or was built for another version of
 * the SPI; a class loader or layer that fails. {@link #probe} and {@link Loader#explain} list it
 * with the reason.
 *
 * <p>The set holds its plug-ins, and so their class loader, for as long as it is in use.
 *
 * @since 0.1
 */
public sealed interface Plugins permits Registry {
  /**
   * Returns the plug-ins on the module path and the class path of this library. They are looked for
   * once in a process. Loaders and groups use these by default.
   *
   * @return the plug-ins
   */
  static Plugins installed() {
    return Engines.get().installed();
  }

  /**
   * Finds the plug-ins of a layer and its parents; of two with the same id, the one in the layer
   * nearer to {@code layer} is used. What is on the class path is in no layer. Plug-ins must see
   * this copy of the library: the layer is a child of the one that has it.
   *
   * @param layer the layer
   * @return its plug-ins, searched for in this call
   */
  static Plugins in(ModuleLayer layer) {
    return Engines.get().plugins(layer);
  }

  /**
   * Finds the plug-ins that a class loader and its parents see, on the class path by {@code
   * META-INF/services}, and in modules; of two with the same id, the one found first is used.
   * Plug-ins must see this copy of the library: the class loader asks the one that has it.
   *
   * @param loader the class loader; it must stay open while the plug-ins are in use
   * @return its plug-ins, searched for in this call
   */
  static Plugins in(ClassLoader loader) {
    return Engines.get().plugins(loader);
  }

  /**
   * Adds plug-ins as instances. An instance is used instead of a plug-in of this set that has the
   * same kind and id, which is then refused. It may have the id of a plug-in of this project, to
   * stand in for it.
   *
   * @param instances the plug-ins; they are shared by all loaders and groups that use the set, on
   *     any thread
   * @return a set of these and the instances
   * @throws IllegalArgumentException if an instance implements none of the interfaces of {@code
   *     io.fastsafetensors.spi} that make a plug-in, was built for another version of them, has a
   *     malformed id, that of host memory, or that of another instance
   */
  Plugins with(Plugin... instances);

  /**
   * Probes every plug-in; may load native libraries. Blocks.
   *
   * @param device the device that backends and collectives are probed for
   * @return devices, backends and collectives, the preferred first; those that are refused (a
   *     duplicate id, another SPI version, a provider that can't be made) with the reason
   * @throws IllegalArgumentException if no plug-in has devices of this type; it names the nearest
   */
  List<PluginReport> probe(Device device);

  /**
   * Lists the devices that loaders can be opened on; may load native libraries. Blocks.
   *
   * @return {@code cpu}, then the devices of every other runtime that is available, by index
   */
  List<Device> devices();
}
