// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Files whose tensors are cut among ranks: square matrices of F32 and BF16, as many bytes of the
 * one as of the other, and some vectors. They are deleted in the end.
 */
final class PartsCheckpoint implements AutoCloseable {
  private static final int VECTORS = 20;

  private final Path folder;

  private PartsCheckpoint(Path parent) throws IOException {
    folder = Files.createTempDirectory(parent, "fst-parts");
  }

  /**
   * Makes it.
   *
   * @param parent where its folder is made
   * @param files how many files
   * @param bytes how many bytes all matrices have, or a few less
   * @param side the rows, and the columns, of a matrix
   */
  static PartsCheckpoint make(Path parent, int files, long bytes, int side) throws IOException {
    PartsCheckpoint checkpoint = new PartsCheckpoint(parent);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment content = content(arena, 2L * DType.F32.byteSize((long) side * side));
      for (int file = 0; file < files; file++) {
        String name = "model-0000%s-of-0000%s.safetensors".formatted(file + 1, files);
        checkpoint.write(name, file, bytes / files, side, content);
      }
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
    return checkpoint;
  }

  /** Returns bytes that no disk can shrink. */
  private static MemorySegment content(Arena arena, long bytes) {
    MemorySegment content = arena.allocate(bytes);
    Random random = new Random(1);
    for (long at = 0; at + Long.BYTES <= bytes; at += Long.BYTES) {
      content.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
    return content;
  }

  private void write(String name, int file, long bytes, int side, MemorySegment content)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    Shape matrix = Shape.of(side, side);
    long group = 2 * DType.F32.byteSize(matrix.elements());
    for (long i = 0; i < bytes / group; i++) {
      add(writer, "layers.%s.%s.weight".formatted(file, i), DType.F32, matrix, content);
      add(writer, "layers.%s.%s.in.weight".formatted(file, i), DType.BF16, matrix, content);
      add(writer, "layers.%s.%s.out.weight".formatted(file, i), DType.BF16, matrix, content);
    }
    for (int i = 0; i < VECTORS; i++) {
      add(writer, "layers.%s.%s.norm".formatted(file, i), DType.BF16, Shape.of(side), content);
    }
    writer.write(folder.resolve(name));
  }

  /** Adds a tensor, each with other bytes. */
  private static void add(
      SafetensorsWriter writer, String name, DType dtype, Shape shape, MemorySegment content) {
    long bytes = dtype.byteSize(shape.elements());
    long from = Math.floorMod(name.hashCode(), content.byteSize() - bytes);
    writer.add(name, dtype, shape, content.asSlice(from, bytes));
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    for (Path file : HostState.files(folder)) {
      Files.delete(file);
    }
    Files.delete(folder);
  }
}
