// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * A file of tensors {@code t00}, {@code t01}, ... whose elements tell where they are.
 *
 * @param path the file
 * @param rows how many rows each tensor has
 * @param columns how many elements each row has
 */
record NumberedFile(Path path, List<Long> rows, long columns) {
  /** Writes the file. */
  NumberedFile write() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int tensor = 0; tensor < rows.size(); tensor++) {
        long elements = rows.get(tensor) * columns;
        MemorySegment numbers = arena.allocate(elements * Integer.BYTES, Integer.BYTES);
        for (long i = 0; i < elements; i++) {
          numbers.setAtIndex(ValueLayout.JAVA_INT, i, element(tensor, i));
        }
        writer.add(
            "t%02d".formatted(tensor), DType.I32, Shape.of(rows.get(tensor), columns), numbers);
      }
      writer.write(path);
    }
    return this;
  }

  static int element(int tensor, long index) {
    return (int) ((index + 31L * tensor) * 0x9E3779B1L);
  }

  Loader open() throws LoadException {
    return Loader.open(path);
  }

  long bytes(int tensor) {
    return rows.get(tensor) * columns * Integer.BYTES;
  }

  /** Checks the elements of a tensor, or of a piece of rows of it. */
  void check(StreamedTensor streamed) throws LoadException {
    check(streamed.tensor(), streamed.offset() / Integer.BYTES);
  }

  /** Checks elements that start somewhere in their tensor. */
  void check(Tensor tensor, long from) throws LoadException {
    int number = Integer.parseInt(tensor.name().substring(1));
    int[] elements = tensor.toIntArray();
    for (int i = 0; i < elements.length; i++) {
      if (elements[i] != element(number, from + i)) {
        assertThat(elements[i])
            .as("%s, element %s", tensor, from + i)
            .isEqualTo(element(number, from + i));
      }
    }
  }
}
