// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The 22 types, their tags, order and sizes. */
class DTypeTests {
  @Test
  void standsInTheOrderOfTheFormat() {
    assertThat(DType.values())
        .extracting(DType::name)
        .containsExactly(
            ("BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16"
                    + " BF16 I32 U32 F32 C64 F64 I64 U64")
                .split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "BOOL,8",
    "F4,4",
    "F6_E2M3,6",
    "F6_E3M2,6",
    "U8,8",
    "I8,8",
    "F8_E5M2,8",
    "F8_E4M3,8",
    "F8_E8M0,8",
    "F8_E4M3FNUZ,8",
    "F8_E5M2FNUZ,8",
    "I16,16",
    "U16,16",
    "F16,16",
    "BF16,16",
    "I32,32",
    "U32,32",
    "F32,32",
    "C64,64",
    "F64,64",
    "I64,64",
    "U64,64"
  })
  void hasASizeInBits(DType dtype, int bits) {
    assertThat(dtype.bits()).isEqualTo(bits);
    assertThat(dtype.isSubByte()).isEqualTo(bits < 8);
    assertThat(dtype.bitSize(3)).isEqualTo(3L * bits);
    assertThat(dtype.byteSize(8)).isEqualTo(bits);
    assertThat(dtype.byteSize(0)).isZero();
  }

  @Test
  void isFoundByItsExactTag() {
    for (DType dtype : DType.values()) {
      assertThat(DType.ofTag(dtype.name())).contains(dtype);
      assertThat(DType.ofTag(dtype.name().toLowerCase(Locale.ROOT))).isEmpty();
    }
    assertThat(DType.ofTag("F128")).isEmpty();
  }

  @Test
  void countsSizesUpTo2To64Bits() {
    assertThat(DType.U8.byteSize((1L << 61) - 1)).isEqualTo((1L << 61) - 1);
    assertThat(DType.F4.byteSize((1L << 62) - 2)).isEqualTo((1L << 61) - 1);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> DType.U8.byteSize(1L << 61));
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> DType.F4.bitSize(1L << 62));
    assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> DType.F4.bitSize(-1));
  }

  @Test
  void refusesPartsOfBytes() {
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> DType.F6_E2M3.byteSize(2))
        .withMessage("2 elements of F6_E2M3 are 12 bits, not whole bytes");
  }
}
