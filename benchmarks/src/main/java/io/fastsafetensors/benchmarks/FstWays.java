// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a program with this library does, by each backend that is plugged in. */
final class FstWays {
  private FstWays() {}

  static List<Way> all() {
    List<Way> ways = new ArrayList<>();
    for (PluginReport plugin : Plugins.probe(Device.CPU)) {
      if (plugin.kind() == PluginReport.Kind.BACKEND && plugin.available()) {
        for (AccessPath path : AccessPath.values()) {
          ways.add(fresh(plugin.id(), path));
        }
      }
    }
    return ways;
  }

  /** A loader for each load: nothing is pooled from one to the next. */
  static Way fresh(String backend, AccessPath path) {
    String name = "fst " + backend + " " + path.name().toLowerCase(Locale.ROOT);
    LoadOptions options = LoadOptions.builder().backend(backend).path(path).build();
    return Way.timed(
        name,
        folder -> {
          try (Loader loader = Loader.builder().build()) {
            loader.addCheckpoint(folder);
            load(loader, options);
          }
        });
  }

  /** Loads, and touches every page, so that a mapping is timed honestly. */
  static void load(Loader loader, LoadOptions options) throws LoadException {
    try (FileBuffer buffer = loader.load(options)) {
      for (String name : buffer.keys()) {
        touchIfMapped(options, buffer.tensor(name));
      }
    }
  }

  private static void touchIfMapped(LoadOptions options, Tensor tensor) {
    if (options.path() != AccessPath.COPIED) {
      Host.touch(tensor.host().orElseThrow());
    }
  }
}
