// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the elements lie, and how many they are. */
@Tag("slow")
class ConversionMemoryTests {
  private static final byte UNTOUCHED = 0x5a;

  /** Pairs that between them load and store in every way. */
  static Stream<Arguments> pairs() {
    return Stream.of(
        Arguments.of(DType.BF16, DType.F32),
        Arguments.of(DType.F32, DType.F16),
        Arguments.of(DType.F16, DType.F64),
        Arguments.of(DType.F64, DType.BF16),
        Arguments.of(DType.F8_E4M3, DType.BF16),
        Arguments.of(DType.I16, DType.F8_E5M2),
        Arguments.of(DType.U8, DType.I64),
        Arguments.of(DType.I64, DType.U32),
        Arguments.of(DType.U32, DType.I16));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void oddAddressesAndLengthsTouchNothingElse(DType from, DType to) {
    for (int elements :
        new int[] {
          0, 1, 2, 3, 7, 1023, ConversionBlock.CAPACITY, 2 * ConversionBlock.CAPACITY + 1
        }) {
      try (Arena arena = Arena.ofConfined()) {
        long bytes = to.byteSize(elements);
        MemorySegment around = arena.allocate(bytes + 2, 8).fill(UNTOUCHED);
        MemorySegment source = arena.allocate(from.byteSize(elements) + 1, 8).asSlice(1);
        convertAndCheck(source, from, around.asSlice(1, bytes), to, elements);
        assertThat(around.get(Layouts.BYTE, 0)).isEqualTo(UNTOUCHED);
        assertThat(around.get(Layouts.BYTE, bytes + 1)).isEqualTo(UNTOUCHED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void heapMemoryIsAsGoodAsNativeMemory(DType from, DType to) {
    int elements = 3001;
    MemorySegment source = MemorySegment.ofArray(new byte[(int) from.byteSize(elements)]);
    MemorySegment target = MemorySegment.ofArray(new byte[(int) to.byteSize(elements)]);
    convertAndCheck(source, from, target, to, elements);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void manyElementsAreConvertedByAllThreads(DType from, DType to) {
    int elements = 3 * (1 << 18) + 17;
    try (Arena arena = Arena.ofShared()) {
      convertAndCheck(
          arena.allocate(from.byteSize(elements)),
          from,
          arena.allocate(to.byteSize(elements)),
          to,
          elements);
    }
  }

  @Test
  void confinedMemoryIsConvertedByItsOwner() {
    int elements = 3 * (1 << 18) + 17;
    try (Arena arena = Arena.ofConfined()) {
      convertAndCheck(
          arena.allocate(elements), DType.I8, arena.allocate(2L * elements), DType.F16, elements);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 31, 1L << 32, (1L << 33) + 12_345})
  void elementsFarBehindTheFirstAreFound(long start, @TempDir Path folder) throws IOException {
    int elements = 5000;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = sparse(folder.resolve("source"), start + elements, arena);
      MemorySegment target = sparse(folder.resolve("target"), 2 * (start + elements), arena);
      fill(source.asSlice(start), DType.I8, elements);
      Pipelines.of(DType.I8, DType.F16)
          .orElseThrow()
          .runAll(new ConversionBlock(source, target, elements), start, start + elements);
      Elements.check(elements(DType.I8, elements), DType.I8, target.asSlice(2 * start), DType.F16);
    }
  }

  /** Maps a file of holes: costs only the pages that are touched. */
  private static MemorySegment sparse(Path path, long bytes, Arena arena) throws IOException {
    Files.createFile(path);
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return file.map(MapMode.READ_WRITE, 0, bytes, arena);
    }
  }

  private static void convertAndCheck(
      MemorySegment source, DType from, MemorySegment target, DType to, int elements) {
    fill(source, from, elements);
    Conversions.convert(source, from, target, to);
    Elements.check(elements(from, elements), from, target, to);
  }

  private static void fill(MemorySegment source, DType type, int count) {
    long[] elements = elements(type, count);
    for (int i = 0; i < count; i++) {
      Elements.put(source, i, type, elements[i]);
    }
  }

  private static long[] elements(DType type, int count) {
    long mask = -1L >>> (Long.SIZE - type.bits());
    return LongStream.range(0, count).map(i -> (i * 0x9e37_79b9_7f4a_7c15L) & mask).toArray();
  }
}
