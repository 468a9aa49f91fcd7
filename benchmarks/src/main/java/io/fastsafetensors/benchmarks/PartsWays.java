// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The ways of this library, and of bare programs, by name. */
final class PartsWays {
  /** Each file read whole by one rank, which sends the parts of its tensors to all. */
  static final String OWNER = "fst owner";

  private PartsWays() {}

  static Map<String, PartsWay> all(ProcessGroup group) {
    Map<String, PartsWay> ways = new LinkedHashMap<>();
    ways.put(OWNER, (folder, want) -> new Parts(group, folder, want, LoadOptions.defaults()));
    ways.putAll(PartsLimits.all(group.rank(), group.size()));
    return ways;
  }

  /** A load of a group, and all that it takes. */
  private static final class Parts implements PartsWay.Run {
    private final ProcessGroup group;
    private final Path folder;
    private final PartsWant want;
    private final LoadOptions options;
    private final List<AutoCloseable> open = new ArrayList<>();

    Parts(ProcessGroup group, Path folder, PartsWant want, LoadOptions options) {
      this.group = group;
      this.folder = folder;
      this.want = want;
      this.options = options;
    }

    @Override
    public List<MemorySegment> get() throws LoadException {
      Loader loader = Loader.builder().group(group).build();
      open.add(loader);
      FileBuffer buffer = loader.addCheckpoint(folder).load(options);
      open.add(buffer);
      Map<String, TensorOptions> wanted = new LinkedHashMap<>();
      for (TensorInfo tensor : loader.tensors()) {
        wanted.put(tensor.name(), TensorOptions.of(want.of(tensor)));
      }
      Map<String, Tensor> parts = buffer.all(wanted);
      open.addAll(parts.values());
      return parts.values().stream().map(tensor -> tensor.host().orElseThrow()).toList();
    }

    @Override
    public void close() {
      open.reversed().forEach(Parts::close);
    }

    private static void close(AutoCloseable each) {
      try {
        each.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
