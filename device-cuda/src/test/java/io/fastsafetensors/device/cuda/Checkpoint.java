// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Random;

/** A small file of two matrices and a row of odd size. */
final class Checkpoint {
  static final Shape SHAPE = Shape.of(96, 640);
  static final Shape ODD = Shape.of(3, 7);

  private Checkpoint() {}

  /** Writes the file: {@code weights} in BF16, {@code bias} in F32, {@code odd} in U8. */
  static Path write(Path folder) throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      new SafetensorsWriter()
          .add("weights", DType.BF16, SHAPE, random(arena, DType.BF16, SHAPE))
          .add("bias", DType.F32, SHAPE, random(arena, DType.F32, SHAPE))
          .add("odd", DType.U8, ODD, random(arena, DType.U8, ODD))
          .write(file);
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
    return file;
  }

  private static MemorySegment random(Arena arena, DType type, Shape shape) {
    byte[] bytes = new byte[Math.toIntExact(type.byteSize(shape.elements()))];
    new Random(type.bits()).nextBytes(bytes);
    return arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
  }
}
