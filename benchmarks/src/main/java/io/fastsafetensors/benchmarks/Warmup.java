// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A small checkpoint that every way loads many times before it is timed, so that what the JVM has
 * to compile is compiled, and what other programs do at first is done. What a process's first load
 * takes is another question, and {@code fst load} answers it.
 */
final class Warmup implements AutoCloseable {
  private static final int TENSORS = 300;
  private static final int TENSOR_BYTES = 16 << 10;

  private final Path folder = Files.createTempDirectory("fst-warmup");
  private final Path file = folder.resolve("model.safetensors");

  Warmup() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    MemorySegment bytes = MemorySegment.ofArray(new byte[TENSOR_BYTES]);
    for (int i = 0; i < TENSORS; i++) {
      writer.add("layers." + i + ".weight", DType.BF16, Shape.of(TENSOR_BYTES / 2), bytes);
    }
    writer.write(file);
  }

  Path folder() {
    return folder;
  }

  /** Runs those ways that run in this JVM; one that can't load the file is left to the timing. */
  void run(List<Way> ways, int rounds) {
    for (int round = 0; round < rounds; round++) {
      ways.stream().filter(Way::inThisJvm).forEach(this::load);
    }
  }

  private void load(Way way) {
    try (Way.Run run = way.preparation().prepare(folder)) {
      run.nanos();
    } catch (Exception e) {
      System.getLogger(Warmup.class.getName()).log(Level.DEBUG, way.name(), e);
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
    Files.delete(folder);
  }
}
