// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecorder;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a program with this library does, by each backend that is plugged in. */
final class FstWays {
  /** More names than that are no filter that anybody would write. */
  private static final int FILTERED_NAMES = 1000;

  private FstWays() {}

  static List<Way> all() {
    List<Way> ways = new ArrayList<>();
    for (PluginReport plugin : Plugins.installed().probe(Device.CPU)) {
      if (plugin.kind() == PluginReport.Kind.BACKEND && plugin.available()) {
        for (AccessPath path : AccessPath.values()) {
          ways.add(fresh(plugin.id(), path));
        }
        ways.add(pooled(plugin.id()));
        ways.add(recorded(plugin.id()));
        ways.add(otherHalf(plugin.id()));
        ways.add(firstTensor(plugin.id()));
      }
    }
    return ways;
  }

  private static LoadOptions.Builder options(String backend, AccessPath path) {
    return LoadOptions.builder().backend(backend).path(path);
  }

  private static String name(String backend, AccessPath path) {
    return "fst " + backend + " " + path.name().toLowerCase(Locale.ROOT);
  }

  /** A loader for each load: nothing is kept from one to the next. */
  private static Way fresh(String backend, AccessPath path) {
    LoadOptions options = options(backend, path).build();
    Way way =
        Way.timed(
            name(backend, path),
            folder -> {
              try (Loader loader = loader(folder)) {
                load(loader, options);
              }
            });
    return path == AccessPath.COPIED ? way : way.mapping();
  }

  /** A load whose course is kept, as for the page of {@code fst load --report}. */
  private static Way recorded(String backend) {
    LoadOptions options = options(backend, AccessPath.COPIED).build();
    return Way.timed(
        name(backend, AccessPath.COPIED) + ", recorded",
        folder -> {
          LoadRecorder recorder = new LoadRecorder();
          try (Loader loader = Loader.builder().listener(recorder).build().addCheckpoint(folder)) {
            load(loader, options);
          }
          recorder.record();
        });
  }

  /** A loader that loaded before, and has kept the memory of that. */
  private static Way pooled(String backend) {
    LoadOptions options = options(backend, AccessPath.COPIED).build();
    return DeviceWays.open(
        name(backend, AccessPath.COPIED) + ", pooled",
        Device.CPU,
        loader -> Way.time(() -> load(loader, options)));
  }

  static String otherHalfOf(String backend) {
    return name(backend, AccessPath.COPIED) + ", the half that isn't cached";
  }

  /** Only what the page cache lacks when half of each file is in it. */
  private static Way otherHalf(String backend) {
    return Way.timed(
            otherHalfOf(backend),
            folder -> {
              try (Loader loader = loader(folder)) {
                LoadOptions.Builder options = options(backend, AccessPath.COPIED);
                load(loader, options.filter(secondHalf(loader)).build());
              }
            })
        .only(CacheState.HALF);
  }

  private static String[] secondHalf(Loader loader) throws LoadException {
    List<TensorInfo> tensors = new ArrayList<>();
    for (String name : loader.keys()) {
      tensors.add(loader.info(name));
    }
    long middle = tensors.stream().mapToLong(TensorInfo::end).max().orElse(0) / 2;
    return tensors.size() > FILTERED_NAMES
        ? new String[0]
        : tensors.stream()
            .filter(tensor -> tensor.begin() >= middle)
            .map(TensorInfo::name)
            .toArray(String[]::new);
  }

  static String firstTensorOf(String backend) {
    return Way.FIRST_TENSOR + thatTensorOf(backend);
  }

  private static String thatTensorOf(String backend) {
    return "fst " + backend + ", that tensor only";
  }

  private static Way firstTensor(String backend) {
    return Way.timed(
            thatTensorOf(backend),
            folder -> {
              try (Loader loader = loader(folder)) {
                String first = loader.keys().iterator().next();
                LoadOptions options = options(backend, AccessPath.AUTO).filter(first).build();
                try (FileBuffer buffer = loader.load(options)) {
                  HostState.touch(buffer.tensor(first).host().orElseThrow());
                }
              }
            })
        .only(CacheState.WARM, CacheState.COLD)
        .untilFirstTensor();
  }

  private static Loader loader(Path folder) throws LoadException {
    return Loader.builder().build().addCheckpoint(folder);
  }

  /** Loads, and touches every page where a load only maps, so that it is timed honestly. */
  private static void load(Loader loader, LoadOptions options) throws LoadException {
    try (FileBuffer buffer = loader.load(options)) {
      if (options.path() != AccessPath.COPIED && options.backend().equals(Optional.of("cpu"))) {
        List<MemorySegment> tensors = new ArrayList<>();
        for (String name : buffer.keys()) {
          tensors.add(buffer.tensor(name).host().orElseThrow());
        }
        HostState.touch(tensors);
      }
    }
  }
}
