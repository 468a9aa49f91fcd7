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

  /** A loader that loaded before: the device is open, and its pinned memory is there. */
  private static Way way(String backend, Device device) {
    LoadOptions options = LoadOptions.builder().backend(backend).path(AccessPath.COPIED).build();
    return Way.of(load(backend, device), folder -> prepare(folder, device, options));
  }

  private static Way.Run prepare(Path folder, Device device, LoadOptions options)
      throws LoadException {
    Loader loader = Loader.builder().device(device).build().addCheckpoint(folder);
    load(loader, options);
    return new Way.Run() {
      @Override
      public long nanos() throws Exception {
        return load(loader, options);
      }

      @Override
      public void close() {
        loader.close();
      }
    };
  }

  /** Returns how long it took until every byte was there. */
  private static long load(Loader loader, LoadOptions options) throws LoadException {
    long start = System.nanoTime();
    try (FileBuffer _ = loader.load(options)) {
      return System.nanoTime() - start;
    }
  }
}
