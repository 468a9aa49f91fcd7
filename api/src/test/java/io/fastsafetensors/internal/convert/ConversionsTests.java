// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.format.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which conversions there are, what is refused, and the rules by example. */
class ConversionsTests {
  @Test
  void knownPairsAreThoseOfTheRules() {
    for (DType from : DType.values()) {
      for (DType to : DType.values()) {
        boolean known =
            from == to || (Elements.SOURCES.contains(from) && Elements.TARGETS.contains(to));
        assertThat(Conversions.canConvert(from, to)).as("%s to %s", from, to).isEqualTo(known);
      }
    }
  }

  @Test
  void anUnknownPairIsRefusedWithWhatIsPossible() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> convert(new byte[4], DType.F32, new byte[1], DType.F8_E8M0))
        .withMessageStartingWith("no conversion from F32 to F8_E8M0: F32 converts to BOOL, U8, I8,")
        .withMessageEndingWith("and F8_E8M0 comes from F8_E8M0 only");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> convert(new byte[1], DType.F4, new byte[8], DType.F32))
        .withMessageContaining("F4 converts to F4 only");
  }

  @Test
  void sizesThatDoNotMatchAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> convert(new byte[12], DType.F32, new byte[8], DType.F16))
        .withMessage("12 bytes of F32 to convert into 8 bytes of F16: not as many elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> convert(new byte[7], DType.F32, new byte[7], DType.F32))
        .withMessage("7 bytes are not a whole number of elements of F32");
  }

  @Test
  void overlappingMemoryIsRefused() {
    MemorySegment memory = MemorySegment.ofArray(new byte[16]);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            Conversions.convert(memory.asSlice(0, 8), DType.F32, memory.asSlice(7, 4), DType.F16))
        .withMessageContaining("overlap");
  }

  @Test
  void closedMemoryIsAnErrorAlsoFromOtherThreads() {
    MemorySegment source;
    MemorySegment target;
    try (Arena arena = Arena.ofShared()) {
      source = arena.allocate(1 << 20);
      target = arena.allocate(1 << 21);
    }
    assertThatThrownBy(() -> Conversions.convert(source, DType.I8, target, DType.F16))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @EnumSource
  void aTypeToItselfIsACopyOfTheBytes(DType type) {
    byte[] source = new byte[24];
    new Random(type.bits()).nextBytes(source);
    byte[] target = new byte[24];
    convert(source, type, target, type);
    assertThat(target).isEqualTo(source);
  }

  @ParameterizedTest
  @CsvSource({
    "464, F8_E4M3, 7e",
    "464.00003, F8_E4M3, 7f",
    "-Infinity, F8_E4M3, ff",
    "61439.996, F8_E5M2, 7b",
    "61440, F8_E5M2, 7c",
    "248, F8_E4M3FNUZ, 80",
    "-0.0, F8_E4M3FNUZ, 0",
    "-1e-9, F8_E5M2FNUZ, 0",
    "65519.996, F16, 7bff",
    "65520, F16, 7c00",
    "3.3961775e38, BF16, 7f80",
    "-1.9, I32, ffffffff",
    "3e9, I32, 7fffffff",
    "-5, U16, 0",
    "NaN, I64, 0",
    "NaN, BOOL, 1",
    "-0.0, BOOL, 0"
  })
  void f32BecomesWhatTheRulesSay(float value, DType to, String code) {
    byte[] target = new byte[to.bits() / Byte.SIZE];
    MemorySegment source = MemorySegment.ofArray(new byte[Float.BYTES]);
    source.set(Layouts.FLOAT, 0, value);
    Conversions.convert(source, DType.F32, MemorySegment.ofArray(target), to);
    long bits = Elements.get(MemorySegment.ofArray(target), 0, to);
    assertThat(Long.toHexString(bits)).isEqualTo(code);
  }

  private static void convert(byte[] source, DType from, byte[] target, DType to) {
    Conversions.convert(MemorySegment.ofArray(source), from, MemorySegment.ofArray(target), to);
  }
}
