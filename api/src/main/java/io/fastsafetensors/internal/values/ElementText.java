// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.values;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/** Elements as torch writes them. */
final class ElementText {
  private ElementText() {}

  /** Tells whether the elements of a type can be written. */
  static boolean isKnown(DType dtype) {
    return dtype == DType.C64 || Conversions.canConvert(dtype, DType.F64);
  }

  /** Writes elements. */
  static Column write(DType dtype, MemorySegment elements) {
    if (dtype == DType.C64) {
      return complex(doubles(DType.F32, elements));
    }
    if (dtype.isFloatingPoint() || dtype == DType.F8_E8M0) {
      return Notation.write(doubles(dtype, elements));
    }
    return switch (dtype) {
      case BOOL -> whole(dtype, elements, value -> value == 0 ? "False" : "True");
      case U64 -> whole(dtype, elements, Long::toUnsignedString);
      default -> whole(dtype, elements, Long::toString);
    };
  }

  private static Column whole(DType dtype, MemorySegment elements, LongFunction<String> form) {
    LongBuffer values = convert(elements, dtype, DType.I64).asLongBuffer();
    return Column.of(
        IntStream.range(0, values.limit()).mapToObj(i -> form.apply(values.get(i))).toList());
  }

  /** Real and imaginary parts have a width each. */
  private static Column complex(double[] parts) {
    int count = parts.length / 2;
    Column real =
        Notation.write(IntStream.range(0, count).mapToDouble(i -> parts[2 * i]).toArray());
    Column imaginary =
        Notation.write(IntStream.range(0, count).mapToDouble(i -> parts[2 * i + 1]).toArray());
    List<String> texts =
        IntStream.range(0, count)
            .mapToObj(i -> real.texts().get(i) + signed(imaginary.texts().get(i).strip()) + "j")
            .toList();
    return new Column(texts, real.width() + imaginary.width() + 1);
  }

  private static String signed(String number) {
    return number.startsWith("-") ? number : "+" + number;
  }

  private static double[] doubles(DType dtype, MemorySegment elements) {
    DoubleBuffer values = convert(elements, dtype, DType.F64).asDoubleBuffer();
    double[] array = new double[values.remaining()];
    values.get(array);
    return array;
  }

  private static ByteBuffer convert(MemorySegment elements, DType from, DType to) {
    long count = elements.byteSize() / from.byteSize(1);
    ByteBuffer values = ByteBuffer.allocate(Math.toIntExact(to.byteSize(count)));
    Conversions.convert(elements, from, MemorySegment.ofBuffer(values), to);
    return values.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Texts of elements that stand one below the other.
   *
   * @param texts the texts
   * @param width how wide the column is meant to be; zeros, infinities and NaN may be wider
   */
  record Column(List<String> texts, int width) {
    /** Puts blanks before what is narrower than the column. */
    static Column of(List<String> texts, int width) {
      return new Column(
          texts.stream().map(t -> " ".repeat(Math.max(0, width - t.length())) + t).toList(), width);
    }

    /** Makes a column as wide as its widest text. */
    static Column of(List<String> texts) {
      return of(texts, texts.stream().mapToInt(String::length).max().orElse(1));
    }
  }
}
