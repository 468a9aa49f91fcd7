// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A conversion so large that it goes through staging memory is the sum of small ones. */
@Tag("slow")
class StagingTests {
  private static final long SMALL = 1_000_003;
  private static final int ODD = 12_345;

  private static MemorySegment random(Arena arena, long bytes) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    MemorySegment memory = arena.allocate(bytes + Long.BYTES);
    for (long at = 0; at < bytes; at += Long.BYTES) {
      memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
    return memory.asSlice(1, bytes);
  }

  @ParameterizedTest
  @CsvSource({"F32, F16", "BF16, F32", "U8, F32", "F16, U8", "I64, BOOL"})
  void largeConversionsGiveWhatSmallOnesGive(DType from, DType to) {
    try (Arena arena = Arena.ofShared()) {
      check(arena, from, to);
    }
  }

  @Test
  void memoryOfOneThreadIsConvertedByThatThreadAlone() {
    try (Arena arena = Arena.ofConfined()) {
      check(arena, DType.F32, DType.F16);
    }
  }

  private static void check(Arena arena, DType from, DType to) {
    long elements = Staging.WORTH / to.byteSize(1) + ODD;
    MemorySegment source = random(arena, from.byteSize(elements));
    MemorySegment large = arena.allocate(to.byteSize(elements) + 1).asSlice(1);
    Conversions.convert(source, from, large, to);
    MemorySegment small = arena.allocate(to.byteSize(elements));
    for (long start = 0; start < elements; start += SMALL) {
      long count = Math.min(SMALL, elements - start);
      Conversions.convert(
          source.asSlice(from.byteSize(start), from.byteSize(count)),
          from,
          small.asSlice(to.byteSize(start), to.byteSize(count)),
          to);
    }
    assertThat(large.mismatch(small)).isEqualTo(-1);
  }
}
