// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
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
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The ways to load parts by a group: of this library, and of bare programs. */
final class PartsWays {
  /** Each file loaded whole by one rank, which then sends the parts of its tensors to all. */
  static final String SCATTER = "fst load, then scatter";

  private PartsWays() {}

  /** Runs a rank of the group that the environment tells. */
  public static void main(String[] arguments) throws Exception {
    try (ProcessGroup group = ProcessGroup.join(GroupConfig.fromEnvironment().orElseThrow())) {
      new RankServer(all(group), arguments).serve();
    }
  }

  private static Map<String, RankWay> all(ProcessGroup group) {
    Map<String, RankWay> ways = new LinkedHashMap<>();
    ways.put(
        SCATTER,
        (folder, want) ->
            new Parts(
                group, folder, LoadOptions.defaults(), PartsWant.valueOf(want).selection()::part));
    for (Distribution distribution : Distribution.values()) {
      for (AccessPath path : List.of(AccessPath.AUTO, AccessPath.COPIED)) {
        ways.put(
            "fst " + (distribution + ", " + path).toLowerCase(Locale.ROOT),
            (folder, want) -> selected(group, folder, PartsWant.valueOf(want), distribution, path));
      }
    }
    ways.putAll(PartsLimits.all(group.rank(), group.size()));
    return ways;
  }

  private static RankWay.Run selected(
      ProcessGroup group, Path folder, PartsWant want, Distribution distribution, AccessPath path) {
    LoadOptions options =
        LoadOptions.builder()
            .selection(want.selection())
            .distribution(distribution)
            .path(path)
            .build();
    return new Parts(group, folder, options, _ -> Part.whole());
  }

  /** Loads by a group. */
  private static final class Parts implements RankWay.Run {
    private final ProcessGroup group;
    private final Path folder;
    private final LoadOptions options;
    private final Function<TensorInfo, Part> asked;
    private final List<AutoCloseable> open = new ArrayList<>();

    /**
     * Makes it.
     *
     * @param asked which part of what was loaded is then asked for
     */
    Parts(ProcessGroup group, Path folder, LoadOptions options, Function<TensorInfo, Part> asked) {
      this.group = group;
      this.folder = folder;
      this.options = options;
      this.asked = asked;
    }

    @Override
    public List<MemorySegment> get() throws LoadException {
      Loader loader = Loader.builder().group(group).build();
      open.add(loader);
      FileBuffer buffer = loader.addCheckpoint(folder).load(options);
      open.add(buffer);
      Map<String, TensorOptions> wanted = new LinkedHashMap<>();
      for (TensorInfo tensor : buffer.tensors()) {
        wanted.put(tensor.name(), TensorOptions.of(asked.apply(tensor)));
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
