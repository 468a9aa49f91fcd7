// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The two files of the original's examples, in a temporary folder.
 *
 * @param folder the folder, deleted by {@link #close}
 */
record DemoFiles(Path folder) implements AutoCloseable {
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  /** Writes {@code a.safetensors} with {@code a0} and {@code b.safetensors} with {@code b0}. */
  static DemoFiles write() throws IOException {
    DemoFiles files = new DemoFiles(Files.createTempDirectory("fst-demo"));
    try {
      for (String name : List.of("a", "b")) {
        new SafetensorsWriter()
            .metadata("fst", "sample")
            .add(name + "0", DType.F16, Shape.of(ROWS, COLUMNS), MemorySegment.ofArray(rows()))
            .write(files.path(name));
      }
      return files;
    } catch (IOException e) {
      files.close();
      throw e;
    }
  }

  Path path(String name) {
    return folder.resolve(name + ".safetensors");
  }

  /** Row i is filled with i. */
  private static byte[] rows() {
    ByteBuffer bytes = ByteBuffer.allocate(ROWS * COLUMNS * Short.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      int row = i / COLUMNS;
      bytes.putShort(Float.floatToFloat16(row));
    }
    return bytes.array();
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path("a"));
    Files.deleteIfExists(path("b"));
    Files.deleteIfExists(folder);
  }
}
