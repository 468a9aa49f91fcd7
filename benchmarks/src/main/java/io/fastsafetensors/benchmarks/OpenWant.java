// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Part;
import io.fastsafetensors.benchmarks.PartsWant.Piece;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** What is read of an open file of one matrix. */
enum OpenWant {
  /** One of a hundred rows, in one call. */
  SOME_ROWS(1),
  /** Rows at random, a call each, by several threads. */
  RANDOM_ROWS(8),
  /** Pieces of half of the rows and half of the columns, a call each. */
  SLICES(1);

  private static final int CALLS = 10_000;
  private static final int SLICE_CALLS = 20;
  private static final int ROW_STEP = 997;
  private static final int COLUMN_STEP = 577;

  /** How many threads call. */
  final int threads;

  OpenWant(int threads) {
    this.threads = threads;
  }

  /**
   * What is read by one call.
   *
   * @param part which part
   * @param pieces where its bytes are, and where they go among those of all calls
   */
  record Call(Part part, List<Piece> pieces) {
    long target() {
      return pieces.getFirst().target();
    }

    long bytes() {
      return PartsWant.end(pieces) - target();
    }
  }

  /** Returns the calls, which are the same each time. */
  List<Call> calls(SafetensorsHeader file) {
    TensorInfo matrix = file.tensors().getFirst();
    long rows = matrix.shape().dim(0);
    long columns = matrix.shape().dim(1);
    Random random = new Random(1);
    List<Call> calls = new ArrayList<>();
    switch (this) {
      case SOME_ROWS -> {
        long[] some = random.longs(rows / 100 + 1, 0, rows).sorted().distinct().toArray();
        calls.add(call(file, Part.rows(some), some, 0, columns, 0));
      }
      case RANDOM_ROWS -> {
        long[] some = random.longs(Math.min(CALLS, rows), 0, rows).toArray();
        for (long row : some) {
          long[] one = {row};
          calls.add(call(file, Part.rows(one), one, 0, columns, end(calls)));
        }
      }
      case SLICES -> {
        for (int i = 0; i < SLICE_CALLS; i++) {
          long row = (long) i * ROW_STEP % (rows / 2);
          long column = (long) i * COLUMN_STEP % (columns / 2);
          Part part = Part.slice(0, row, row + rows / 2).and(1, column, column + columns / 2);
          long[] half = LongStream.range(row, row + rows / 2).toArray();
          calls.add(call(file, part, half, column, column + columns / 2, end(calls)));
        }
      }
    }
    return calls;
  }

  /** Returns a call for some rows, of each from one column to another. */
  private static Call call(
      SafetensorsHeader file, Part part, long[] rows, long from, long to, long target) {
    TensorInfo matrix = file.tensors().getFirst();
    long row = matrix.byteSize() / matrix.shape().dim(0);
    long element = row / matrix.shape().dim(1);
    long bytes = (to - from) * element;
    List<Piece> pieces = new ArrayList<>();
    for (long number : rows) {
      long offset = file.dataOffset() + matrix.begin() + number * row + from * element;
      pieces.add(new Piece(0, offset, bytes, target + pieces.size() * bytes));
    }
    return new Call(part, pieces);
  }

  private static long end(List<Call> calls) {
    return calls.isEmpty() ? 0 : PartsWant.end(calls.getLast().pieces());
  }
}
