// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Elements of a tensor, one after the other in row-major order, as Java's numbers. Whoever calls
 * keeps the memory meanwhile.
 */
final class Values {
  /** How many integers are checked at a time. */
  private static final int CHECKED = 1 << 16;

  private final Piece piece;
  private final long start;
  private final int count;

  private Values(Piece piece, long start, int count) {
    this.piece = piece;
    this.start = start;
    this.count = count;
  }

  /** All elements. */
  static Values all(Piece piece) {
    return new Values(piece, 0, ValueRules.arrayLength(piece.spec()));
  }

  /** One element. */
  static Values at(Piece piece, long[] index) {
    return new Values(piece, ValueRules.position(piece.spec(), index), 1);
  }

  float[] floats() throws LoadException {
    ValueRules.checkReal(piece.spec(), "float");
    float[] values = new float[count];
    convert(DType.F32, MemorySegment.ofArray(values), ValueLayout.JAVA_FLOAT);
    return values;
  }

  double[] doubles() throws LoadException {
    ValueRules.checkReal(piece.spec(), "double");
    double[] values = new double[count];
    convert(DType.F64, MemorySegment.ofArray(values), ValueLayout.JAVA_DOUBLE);
    return values;
  }

  long[] longs() throws LoadException {
    ValueRules.checkInteger(piece.spec(), "long");
    long[] values = new long[count];
    convert(DType.I64, MemorySegment.ofArray(values), ValueLayout.JAVA_LONG);
    if (piece.spec().dtype() == DType.U64) {
      checkSigns(values);
    }
    return values;
  }

  private void checkSigns(long[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0) {
        throw ValueRules.outOfRange(
            piece.spec(),
            start + i,
            values[i],
            "long",
            "toDoubleArray(), or to(I64) first, which keeps the bits");
      }
    }
  }

  int[] ints() throws LoadException {
    ValueRules.checkInteger(piece.spec(), "int");
    int[] values = new int[count];
    switch (piece.spec().dtype()) {
      case U32, I64, U64 -> narrow(values);
      default -> convert(DType.I32, MemorySegment.ofArray(values), ValueLayout.JAVA_INT);
    }
    return values;
  }

  private void narrow(int[] values) throws LoadException {
    for (int done = 0; done < values.length; done += CHECKED) {
      int some = Math.min(CHECKED, values.length - done);
      long[] wide = new Values(piece, start + done, some).longs();
      for (int i = 0; i < some; i++) {
        values[done + i] = (int) wide[i];
        if (values[done + i] != wide[i]) {
          throw ValueRules.outOfRange(
              piece.spec(),
              start + done + i,
              wide[i],
              "int",
              "toLongArray(), or to(I32) first, which keeps the low bits");
        }
      }
    }
  }

  boolean[] booleans() throws LoadException {
    ValueRules.checkBoolean(piece.spec());
    boolean[] values = new boolean[count];
    Downloads.<RuntimeException>show(
        piece.memory().context(),
        region(),
        (offset, bytes) -> {
          for (int i = 0; i < bytes.byteSize(); i++) {
            values[(int) offset + i] = bytes.get(ValueLayout.JAVA_BYTE, i) != 0;
          }
        });
    return values;
  }

  private Region region() {
    long size = piece.spec().dtype().byteSize(1);
    return piece.region().slice(start * size, count * size);
  }

  private void convert(DType to, MemorySegment target, ValueLayout layout) throws LoadException {
    DType from = piece.spec().dtype();
    Downloads.<RuntimeException>show(
        piece.memory().context(),
        region(),
        (offset, bytes) -> {
          long first = offset / from.byteSize(1);
          long size = to.byteSize(bytes.byteSize() / from.byteSize(1));
          Conversions.convert(bytes, from, target.asSlice(to.byteSize(first), size), to);
        });
    ValueLayout written = layout.withOrder(LITTLE_ENDIAN);
    if (!written.order().equals(layout.order())) {
      MemorySegment.copy(target, written, 0, target, layout, 0, count);
    }
  }
}
