// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A part of a tensor, cut element by element out of its bytes: what the library's planner is
 * compared with.
 *
 * @param sha256 the hash of its bytes
 * @param shape the part's shape
 */
record CutTensor(String sha256, Shape shape) {
  /** Cuts the elements whose index in each dimension is one of those given. */
  static CutTensor of(byte[] tensor, int elementBytes, int[] shape, int[]... indexes) {
    ByteArrayOutputStream cut = new ByteArrayOutputStream();
    for (int element = 0; element < tensor.length / elementBytes; element++) {
      if (isIn(element, shape, indexes)) {
        cut.write(tensor, element * elementBytes, elementBytes);
      }
    }
    int[] left = Arrays.stream(indexes).mapToInt(index -> index.length).toArray();
    return new CutTensor(Samples.sha256(cut.toByteArray()), shape(left));
  }

  private static boolean isIn(int element, int[] shape, int[]... indexes) {
    int rest = element;
    for (int dim = shape.length - 1; dim >= 0; dim--) {
      int index = rest % shape[dim];
      if (Arrays.stream(indexes[dim]).noneMatch(i -> i == index)) {
        return false;
      }
      rest /= shape[dim];
    }
    return true;
  }

  static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  /** Returns the line that {@code digest} prints. */
  String line(DType dtype, String name) {
    return sha256 + "  " + dtype + "  " + shape + "  " + name;
  }

  static Shape shape(int... dims) {
    return Shape.of(Arrays.stream(dims).asLongStream().toArray());
  }
}
