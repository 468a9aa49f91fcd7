// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Prints the demo's tensors as the original's read-me shows them: torch's form of an F16 matrix of
 * whole numbers, without the blanks that only align it.
 */
final class TorchText {
  private static final ValueLayout.OfShort F16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TorchText() {}

  /** Prints a matrix; its first dimension is the rows. */
  static String of(Tensor matrix) throws LoadException {
    long rows = matrix.shape().dim(0);
    long columns = matrix.shape().dim(1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(matrix.byteSize());
      matrix.toHost(values);
      return LongStream.range(0, rows)
          .mapToObj(row -> row(values, row * columns, columns))
          .collect(Collectors.joining(",\n", "tensor([", "], dtype=torch.float16)"));
    }
  }

  /** Torch pads numbers to one width; of that padding the read-me keeps a blank per row. */
  private static String row(MemorySegment values, long begin, long columns) {
    String numbers =
        LongStream.range(begin, begin + columns)
            .mapToObj(i -> Float.float16ToFloat(values.getAtIndex(F16, i)))
            .map(value -> (int) value.floatValue() + ".")
            .collect(Collectors.joining(", "));
    return (numbers.indexOf('.') < 2 ? "[ " : "[") + numbers + "]";
  }
}
