// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

/** Shapes count unsigned, from the left, and never change. */
class ShapeTests {
  @Test
  void isAScalarWithoutDimensions() {
    assertThat(Shape.of()).isEqualTo(Shape.of(new long[0])).hasToString("[]");
    assertThat(Shape.of().dimensions()).isZero();
    assertThat(Shape.of().elements()).isEqualTo(1);
  }

  @Test
  void countsElements() {
    assertThat(Shape.of(16, 8).elements()).isEqualTo(128);
    assertThat(Shape.of(3, 0, 5).elements()).isZero();
    assertThat(Shape.of(1L << 31, 1L << 31).elements()).isEqualTo(1L << 62);
  }

  @Test
  void countsFromTheLeft() {
    assertThat(Shape.of(0, -1, -1).elements()).isZero();
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> Shape.of(-1, -1, 0).elements())
        .withMessageContaining("[18446744073709551615, 18446744073709551615, 0]");
  }

  @Test
  void refusesToCountMoreThanALongHolds() {
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> Shape.of(1L << 32, 1L << 31).elements());
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> Shape.of(1L << 32, 1L << 32).elements());
    assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> Shape.of(-1).elements());
  }

  @Test
  void doesNotShareItsArray() {
    long[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 9;
    shape.dims()[1] = 9;

    assertThat(shape.dims()).containsExactly(2, 3);
  }

  @Test
  void replacesOneDimension() {
    Shape shape = Shape.of(2, 3);

    assertThat(shape.withDim(1, 7)).isEqualTo(Shape.of(2, 7));
    assertThat(shape).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
    assertThat(shape.dim(1)).isEqualTo(3);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> shape.withDim(2, 1));
  }
}
