// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Loads that must fail on every rank, because the last rank asks for something else, or its file is
 * cut.
 *
 * @param folder where the files are
 */
record Disagreements(Path folder) {
  private static final int FLOATS = 1_000_000;

  /** Writes a file a rank. */
  void write(int ranks) throws IOException {
    for (int rank = 0; rank < ranks; rank++) {
      MemorySegment bytes = MemorySegment.ofArray(new float[FLOATS]);
      new SafetensorsWriter().add("t" + rank, DType.F32, Shape.of(FLOATS), bytes).write(path(rank));
    }
  }

  private Path path(int rank) {
    return folder.resolve(rank + ".safetensors");
  }

  private interface Loading {
    void on(Loader loader) throws IOException;
  }

  /** Fails in all ways; prints how. */
  void run(ProcessGroup group) throws IOException {
    int last = group.size() - 1;
    boolean differs = group.rank() == last;
    Path first = path(0);
    Path second = path(1);
    fail("files", group, loader -> loader.addFiles(0, List.of(differs ? second : first)).load());
    fail(
        "order",
        group,
        loader ->
            loader.addFiles(0, differs ? List.of(second, first) : List.of(first, second)).load());
    LoadOptions.Builder options = LoadOptions.builder();
    if (differs) {
      options.dtype(DType.F16);
    }
    fail("dtype", group, loader -> loader.addFiles(0, List.of(first)).load(options.build()));
    fail(
        "cut",
        group,
        loader -> {
          loader.addFiles(Map.of(0, List.of(first), last, List.of(path(last)))).keys();
          if (differs) {
            cut(path(last));
          }
          loader.load();
        });
  }

  private static void cut(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(file.size() / 2);
    }
  }

  private static void fail(String name, ProcessGroup group, Loading loading) throws IOException {
    try (Loader loader = Loader.builder().group(group).build()) {
      loading.on(loader);
      RankProgram.print(name + ": no error");
    } catch (IOException e) {
      RankProgram.print(name + ": " + e.getMessage());
    }
    group.barrier();
  }
}
