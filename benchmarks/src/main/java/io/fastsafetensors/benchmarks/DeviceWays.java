// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Loads to a device, by each backend for it, beside what its copies give at best. */
final class DeviceWays {
  private DeviceWays() {}

  /** Returns how the names of the ways begin that only copy. */
  static String limit(Device device) {
    return "limit: pinned memory to " + device + ", ";
  }

  /** Returns the name of the way that loads by a backend. */
  static String load(String backend, Device device) {
    return "fst %s to %s, device open".formatted(backend, device);
  }

  static List<Way> all(Device device) {
    List<Way> ways = new ArrayList<>();
    for (int streams : new int[] {1, 4}) {
      ways.add(
          Way.of(
                  limit(device) + streams + " streams",
                  folder -> CopyLimit.prepare(device, HostState.bytes(folder), streams))
              .only(CacheState.WARM, CacheState.COLD));
    }
    for (PluginReport plugin : Plugins.installed().probe(device)) {
      if (plugin.kind() == PluginReport.Kind.BACKEND && plugin.available()) {
        ways.add(way(plugin.id(), device));
      }
    }
    ways.add(way("posix", Device.CPU));
    return ways;
  }

  private static Way way(String backend, Device device) {
    LoadOptions options = LoadOptions.builder().backend(backend).path(AccessPath.COPIED).build();
    return open(load(backend, device), device, loader -> load(loader, options));
  }

  /** Does something with a loader, and tells how long it took, in nanoseconds. */
  @FunctionalInterface
  interface Use {
    long nanos(Loader loader) throws Exception;
  }

  /** Uses a loader that was used so before: the device is open, and its pinned memory is there. */
  static Way open(String name, Device device, Use use) {
    return Way.of(name, folder -> prepare(folder, device, use));
  }

  private static Way.Run prepare(Path folder, Device device, Use use) throws Exception {
    Loader loader = Loader.builder().device(device).open(folder);
    use.nanos(loader);
    return new Way.Run() {
      @Override
      public long nanos() throws Exception {
        return use.nanos(loader);
      }

      @Override
      public void close() {
        loader.close();
      }
    };
  }

  /** Returns how long it took until every byte was there. */
  static long load(Loader loader, LoadOptions options) throws LoadException {
    long start = System.nanoTime();
    try (FileBuffer _ = loader.load(options)) {
      return System.nanoTime() - start;
    }
  }
}
