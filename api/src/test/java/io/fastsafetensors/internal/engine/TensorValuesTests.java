// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What values a tensor has, and what is said where it has none. */
class TensorValuesTests {
  private static Tensor longs(DType dtype, long... values) {
    return Tensor.of("w", dtype, Shape.of(values.length), MemorySegment.ofArray(values));
  }

  private static Tensor bytes(DType dtype, Shape shape) {
    return Tensor.of(
        "w", dtype, shape, MemorySegment.ofArray(new byte[(int) dtype.byteSize(shape.elements())]));
  }

  private static void refused(ThrowingCallable read, String message) {
    assertThatThrownBy(read).isInstanceOf(UnsupportedOperationException.class).hasMessage(message);
  }

  @ParameterizedTest
  @EnumSource(names = {"F4", "F6_E2M3", "F6_E3M2"})
  void packedTypesHaveBytesOnly(DType packed) {
    Tensor tensor = bytes(packed, Shape.of(2, 4));
    String what = "tensor 'w' " + packed + " [2, 4]: " + packed + " has no ";
    String works =
        " values; use asByteBuffer() or toHost(...): elements of %s bits are packed"
            .formatted(packed.bits());
    refused(tensor::toFloatArray, what + "float" + works);
    refused(tensor::toDoubleArray, what + "double" + works);
    refused(tensor::toIntArray, what + "int" + works);
    refused(tensor::toLongArray, what + "long" + works);
    refused(tensor::toBooleanArray, what + "boolean" + works);
    refused(() -> tensor.getFloat(1, 2), what + "float" + works);
    refused(() -> tensor.getLong(1, 2), what + "long" + works);
    assertThat(tensor)
        .hasToString("tensor(<packed>, name='w', dtype=" + packed + ", shape=[2, 4], device=cpu)");
  }

  @Test
  void complexNumbersAreReadAsPairs() throws IOException {
    Tensor tensor =
        Tensor.of("w", DType.C64, Shape.of(2), MemorySegment.ofArray(new float[] {1, -2, 0.5f, 4}));
    refused(
        tensor::toFloatArray,
        "tensor 'w' C64 [2]: C64 has no float values; use asByteBuffer().asFloatBuffer(): real and"
            + " imaginary parts alternate");
    assertThat(tensor)
        .hasToString(
            "tensor([1.0000-2.j, 0.5000+4.j], name='w', dtype=C64, shape=[2], device=cpu)");
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E8M0"})
  void floatingPointIsNoInteger(DType dtype) {
    Tensor tensor = bytes(dtype, Shape.of(3));
    String works =
        " values; use toFloatArray() or toDoubleArray(), or to(I32) or to(I64), which cut fractions"
            + " off, first";
    String what = "tensor 'w' " + dtype + " [3]: " + dtype + " has no ";
    refused(tensor::toIntArray, what + "int" + works);
    refused(() -> tensor.getLong(0), what + "long" + works);
    refused(() -> tensor.getBoolean(0), what + "boolean" + works);
  }

  @Test
  void onlyBoolIsBoolean() throws IOException {
    Tensor tensor =
        Tensor.of("w", DType.BOOL, Shape.of(3), MemorySegment.ofArray(new byte[] {0, 1, 2}));
    assertThat(tensor.toBooleanArray()).containsExactly(false, true, true);
    assertThat(tensor.getBoolean(2)).isTrue();
    assertThat(tensor.toIntArray()).containsExactly(0, 1, 1);
    assertThat(tensor.toFloatArray()).containsExactly(0, 1, 1);
    refused(
        bytes(DType.U8, Shape.of(3))::toBooleanArray,
        "tensor 'w' U8 [3]: U8 has no boolean values; use toIntArray(), toLongArray(),"
            + " toFloatArray() or toDoubleArray()");
  }

  @Test
  void integersAreExactOrRefused() throws IOException {
    assertThat(longs(DType.I64, Integer.MIN_VALUE, Integer.MAX_VALUE).toIntArray())
        .containsExactly(Integer.MIN_VALUE, Integer.MAX_VALUE);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(longs(DType.I64, 0, 1L << 31)::toIntArray)
        .withMessage(
            "tensor 'w' I64 [2]: element [1] is 2147483648, which no int can hold: use"
                + " toLongArray(), or to(I32) first, which keeps the low bits");
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(longs(DType.U64, 0, 7, -1)::toLongArray)
        .withMessage(
            "tensor 'w' U64 [3]: element [2] is 18446744073709551615, which no long can hold: use"
                + " toDoubleArray(), or to(I64) first, which keeps the bits");
    Tensor unsigned =
        Tensor.of("w", DType.U32, Shape.of(2, 1), MemorySegment.ofArray(new int[] {7, -1}));
    assertThat(unsigned.toLongArray()).containsExactly(7, (1L << 32) - 1);
    assertThat(unsigned.toDoubleArray()).containsExactly(7, (1L << 32) - 1);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> unsigned.getInt(1, 0))
        .withMessageStartingWith(
            "tensor 'w' U32 [2, 1]: element [1, 0] is 4294967295, which no int");
    try (Tensor bits = longs(DType.U64, -1).to(DType.I64)) {
      assertThat(bits.toLongArray()).containsExactly(-1);
    }
  }

  @Test
  void roundingIsToNearestEven() throws IOException {
    Tensor doubles =
        Tensor.of(
            "w",
            DType.F64,
            Shape.of(3),
            MemorySegment.ofArray(new double[] {16777217, 1e300, 0.1}));
    assertThat(doubles.toFloatArray())
        .containsExactly(16777216, Float.POSITIVE_INFINITY, (float) 0.1);
    assertThat(doubles.toDoubleArray()).containsExactly(16777217, 1e300, 0.1);
    // Twice rounded it would be one step less.
    assertThat(longs(DType.I64, 0x0040_0000_4000_0001L).getFloat(0)).isEqualTo(0x1.000002p54f);
  }

  @Test
  void indicesAreChecked() throws IOException {
    float[] numbers = {0, 1, 2, 3, 4, 5};
    Tensor tensor = Tensor.of("w", DType.F32, Shape.of(2, 3), MemorySegment.ofArray(numbers));
    assertThat(tensor.getFloat(1, 0)).isEqualTo(3);
    assertThat(tensor.getDouble(0, 2)).isEqualTo(2);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> tensor.getFloat(0, 3))
        .withMessage(
            "tensor 'w' F32 [2, 3]: no element [0, 3]: index 3 of dimension 1 is out of bounds");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> tensor.getFloat(-1, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tensor.getFloat(4))
        .withMessage("tensor 'w' F32 [2, 3]: index [4] is of 1 dimensions, the tensor of 2");
    Tensor scalar =
        Tensor.of("s", DType.F32, Shape.of(), MemorySegment.ofArray(new float[] {2.5f}));
    assertThat(scalar.getFloat()).isEqualTo(2.5f);
    assertThat(scalar.toFloatArray()).containsExactly(2.5f);
    assertThat(scalar).hasToString("tensor(2.5000, name='s', dtype=F32, shape=[], device=cpu)");
    Tensor empty = bytes(DType.F32, Shape.of(0, 7));
    assertThat(empty.toFloatArray()).isEmpty();
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> empty.getFloat(0, 0));
  }

  /** A tensor of 3 GiB that is mapped from a hole takes neither disk nor memory. */
  @Test
  void tooManyForAnArrayIsSaid(@TempDir Path folder) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment holes = Holes.map(folder.resolve("holes"), 3L << 30, arena);
      Tensor tensor = Tensor.of("w", DType.I8, Shape.of(3, 1L << 30), holes);
      String many =
          "tensor 'w' I8 [3, 1073741824] has 3221225472 elements, and an array 2147483639 at most:"
              + " read parts by asByteBuffer(offset, length), or all by toHost(...)";
      refused(tensor::toFloatArray, many);
      refused(tensor::toLongArray, many);
      holes.set(ValueLayout.JAVA_BYTE, (3L << 30) - 2, (byte) -7);
      assertThat(tensor.getInt(2, (1L << 30) - 2)).isEqualTo(-7);
      assertThat(tensor.toString())
          .isEqualTo(
              """
              tensor([[ 0,  0,  0,  ...,  0,  0,  0],
                      [ 0,  0,  0,  ...,  0,  0,  0],
                      [ 0,  0,  0,  ...,  0, -7,  0]], name='w', dtype=I8, shape=[3, 1073741824], device=cpu)\
              """);
    }
  }

  /** More than one piece of staging memory, and more than one share of a conversion. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void largeTensorsAreReadInPieces(boolean hostVisible, @TempDir Path folder) throws IOException {
    int count = (5 << 20) + 3;
    long[] numbers = LongStream.range(0, count).toArray();
    Samples file = new Samples(folder.resolve("f"));
    byte[] elements = new byte[count * Long.BYTES];
    MemorySegment.ofArray(elements).copyFrom(MemorySegment.ofArray(numbers));
    file.with("w", DType.I64, Shape.of(count), elements).write();
    Bench bench = new Bench();
    bench.runtime.hostVisible = hostVisible;
    try (Loader loader = bench.loader().addFiles(0, List.of(file.path));
        FileBuffer buffer = loader.load()) {
      Tensor tensor = buffer.tensor("w");
      assertThat(tensor.toLongArray()).isEqualTo(numbers);
      assertThat(tensor.toIntArray())
          .isEqualTo(LongStream.of(numbers).mapToInt(i -> (int) i).toArray());
      float[] floats = tensor.toFloatArray();
      assertThat(floats[count - 1]).isEqualTo((float) (count - 1));
      assertThat(tensor.getDouble(count - 1)).isEqualTo(count - 1);
      assertThat(bench.ledger.largest("staging")).isLessThanOrEqualTo(4 << 20);
    }
    bench.ledger.assertAllClosedOnce();
  }
}
