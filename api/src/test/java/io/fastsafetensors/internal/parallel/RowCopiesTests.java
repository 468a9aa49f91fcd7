// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowCopiesTests {
  @ParameterizedTest(name = "{0} rows of {1} bytes, every {2} to every {3}")
  @CsvSource({
    "0, 5, 5, 5",
    "7, 0, 0, 0",
    "1, 13, 13, 99",
    "5, 3, 3, 3",
    "5, 3, 8, 3",
    "5, 3, 3, 8",
    "100000, 2, 64, 2",
    "300000, 1, 1, 3",
    "3, 2097153, 3000000, 2097153",
    "4, 5000000, 5000000, 5000000",
  })
  void rowsAndNothingElseAreCopied(long rows, long rowBytes, long sourcePitch, long targetPitch) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = randomBytes(arena, Math.max(1, rows * sourcePitch));
      MemorySegment target = randomBytes(arena, Math.max(1, rows * targetPitch));
      MemorySegment expected = arena.allocate(target.byteSize()).copyFrom(target);
      for (long row = 0; row < rows; row++) {
        MemorySegment.copy(source, row * sourcePitch, expected, row * targetPitch, rowBytes);
      }

      RowCopies.copyRows(source, sourcePitch, target, targetPitch, rows, rowBytes);

      assertThat(target.mismatch(expected)).isEqualTo(-1);
    }
  }

  @Test
  void memoryOfOneThreadIsCopiedByThatThread() {
    long bytes = 40 << 20;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = randomBytes(arena, bytes);
      MemorySegment target = arena.allocate(bytes);
      RowCopies.copyRows(source, bytes, target, bytes, 1, bytes);
      assertThat(target.mismatch(source)).isEqualTo(-1);
    }
  }

  @Test
  void heapMemoryIsCopied() {
    byte[] target = new byte[6];
    MemorySegment source = MemorySegment.ofArray(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    RowCopies.copyRows(source, 4, MemorySegment.ofArray(target), 3, 2, 3);
    assertThat(target).containsExactly(1, 2, 3, 5, 6, 7);
  }

  @ParameterizedTest(name = "{0} rows of {1} bytes, every {2} to every {3}")
  @CsvSource({
    "11, 1, 1, 1",
    "2, 6, 6, 6",
    "2, 3, 8, 3",
    "2, 3, 3, 8",
    "2, 3, 2, 3",
    "2, 3, 3, 2",
    "-1, 1, 1, 1",
    "1, -1, 1, 1",
  })
  void rowsOutsideTheSegmentsAreRefused(
      long rows, long rowBytes, long sourcePitch, long targetPitch) {
    MemorySegment source = MemorySegment.ofArray(new byte[10]);
    byte[] target = new byte[10];
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() ->
            RowCopies.copyRows(
                source, sourcePitch, MemorySegment.ofArray(target), targetPitch, rows, rowBytes));
    assertThat(target).containsOnly(0);
  }

  @Test
  void sizesThatOverflowAreRefused() {
    MemorySegment memory = MemorySegment.ofArray(new byte[10]);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> RowCopies.copyRows(memory, 1L << 40, memory, 1L << 40, 1L << 40, 1));
  }

  private static MemorySegment randomBytes(Arena arena, long bytes) {
    byte[] random = new byte[Math.toIntExact(bytes)];
    new Random(bytes).nextBytes(random);
    return arena.allocateFrom(ValueLayout.JAVA_BYTE, random);
  }
}
