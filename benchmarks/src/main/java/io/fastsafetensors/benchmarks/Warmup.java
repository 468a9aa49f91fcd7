// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.DType;
import io.fastsafetensors.SafetensorsWriter;
import io.fastsafetensors.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Lets the JVM compile what will be timed: every way loads a small file many times first. What a
 * process's first load takes is another question, and {@code fst load} answers it.
 */
final class Warmup {
  private static final int TENSORS = 300;
  private static final int TENSOR_BYTES = 16 << 10;

  private Warmup() {}

  /** Runs those ways that run in this JVM; one that can't load the file is left to the timing. */
  static void run(List<Way> ways, int rounds) throws IOException {
    Path folder = Files.createTempDirectory("fst-warmup");
    Path file = folder.resolve("model.safetensors");
    try {
      write(file);
      for (int round = 0; round < rounds; round++) {
        ways.stream().filter(Way::inThisJvm).forEach(way -> load(way, folder));
      }
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private static void write(Path file) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    MemorySegment bytes = MemorySegment.ofArray(new byte[TENSOR_BYTES]);
    for (int i = 0; i < TENSORS; i++) {
      writer.add("layers." + i + ".weight", DType.U8, Shape.of(TENSOR_BYTES), bytes);
    }
    writer.write(file);
  }

  private static void load(Way way, Path folder) {
    try (Way.Run run = way.preparation().prepare(folder)) {
      run.nanos();
    } catch (Exception e) {
      System.getLogger(Warmup.class.getName()).log(System.Logger.Level.DEBUG, way.name(), e);
    }
  }
}
