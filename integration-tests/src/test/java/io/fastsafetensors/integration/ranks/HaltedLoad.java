// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A load of parts in which one rank stands still while the others exchange.
 *
 * @param folder where the files are
 * @param distribution who reads
 * @param halting the rank that stands still once it has read something
 */
record HaltedLoad(Path folder, Distribution distribution, int halting) {
  private static final Shape SHAPE = Shape.of(3000, 6000);

  /** Writes a file a rank, of several chunks. */
  void write(int ranks) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      for (int rank = 0; rank < ranks; rank++) {
        new SafetensorsWriter()
            .add("t" + rank, DType.F32, SHAPE, arena.allocate(SHAPE.elements() * Float.BYTES))
            .write(path(rank));
      }
    }
  }

  private Path path(int rank) {
    return folder.resolve(rank + ".safetensors");
  }

  /** Loads, and prints where it stands still. */
  void run(ProcessGroup group) throws IOException {
    RankProgram.pause("joined");
    AtomicBoolean halted = new AtomicBoolean(group.rank() != halting);
    LoadOptions options =
        LoadOptions.builder()
            .selection(Selection.of(Part.shard(1)))
            .distribution(distribution)
            .progress((done, _) -> {
              if (done > 0 && halted.compareAndSet(false, true)) {
                halt();
              }
            })
            .build();
    try (Loader loader = Loader.builder().group(group).build()) {
      for (int rank = 0; rank < group.size(); rank++) {
        loader.addFiles(rank, List.of(path(rank)));
      }
      try (FileBuffer buffer = loader.load(options)) {
        RankProgram.print("has " + buffer.keys());
      }
    }
  }

  private static void halt() {
    try {
      RankProgram.pause("halfway");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
