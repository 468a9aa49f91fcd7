// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** Elements by their bits, in little-endian memory. */
final class Elements {
  /** All types that real numbers are converted to. */
  static final List<DType> TARGETS =
      Stream.of(DType.values())
          .filter(type -> !type.isSubByte() && type != DType.C64 && type != DType.F8_E8M0)
          .toList();

  /** All types that real numbers are converted from. */
  static final List<DType> SOURCES =
      Stream.concat(TARGETS.stream(), Stream.of(DType.F8_E8M0)).toList();

  private Elements() {}

  /** Writes one byte after the other, lowest first. */
  static void put(MemorySegment memory, long index, DType type, long bits) {
    int bytes = type.bits() / Byte.SIZE;
    for (int i = 0; i < bytes; i++) {
      memory.set(Layouts.BYTE, index * bytes + i, (byte) (bits >>> (i * Byte.SIZE)));
    }
  }

  static long get(MemorySegment memory, long index, DType type) {
    int bytes = type.bits() / Byte.SIZE;
    long bits = 0;
    for (int i = 0; i < bytes; i++) {
      bits |= Byte.toUnsignedLong(memory.get(Layouts.BYTE, index * bytes + i)) << (i * Byte.SIZE);
    }
    return bits;
  }

  /** Converts elements to all other types and compares each with the reference. */
  static void checkAll(long[] elements, DType from) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = arena.allocate(from.byteSize(elements.length));
      for (int i = 0; i < elements.length; i++) {
        put(source, i, from, elements[i]);
      }
      for (DType to : TARGETS) {
        if (to != from) {
          MemorySegment target = arena.allocate(to.byteSize(elements.length));
          Conversions.convert(source, from, target, to);
          check(elements, from, target, to);
        }
      }
    }
  }

  static void check(long[] elements, DType from, MemorySegment target, DType to) {
    for (int i = 0; i < elements.length; i++) {
      long actual = get(target, i, to);
      long expected = SlowReference.convert(elements[i], from, to);
      if (actual != expected && !(isNan(actual, to) && isNan(expected, to))) {
        assertThat(Long.toHexString(actual))
            .as("%s %x (%s) to %s", from, elements[i], SlowReference.decode(elements[i], from), to)
            .isEqualTo(Long.toHexString(expected));
      }
    }
  }

  private static boolean isNan(long bits, DType type) {
    return Double.isNaN(SlowReference.decode(bits, type).doubleValue());
  }
}
