// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import io.fastsafetensors.format.DType;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every element of every type of 8 and 16 bits, to every type. */
class SmallSourcesTests {
  static Stream<DType> types() {
    return Elements.SOURCES.stream().filter(type -> type.bits() <= Short.SIZE);
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyElementConvertsAsInTheReference(DType from) {
    Elements.checkAll(LongStream.range(0, 1L << from.bits()).toArray(), from);
  }
}
