// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Device;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a consumer finds in the struct. */
class ExportTests {
  private static final long READ_ONLY = 1;
  private static final long IS_COPIED = 2;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void nothingIsLeft() {
    arena.close();
    assertThat(TakenCapsules.count()).isZero();
  }

  private Tensor tensor(DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    MemorySegment memory = arena.allocate(dtype.byteSize(shape.elements()), 256);
    for (long at = 0; at < memory.byteSize(); at++) {
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) (at + 1));
    }
    return Tensor.of("w", dtype, shape, memory);
  }

  private static ExportOptions.Builder options() {
    return ExportOptions.builder();
  }

  private static NativeConsumer export(Tensor tensor, ExportOptions.Builder options)
      throws LoadException {
    return NativeConsumer.take(DLPack.export(tensor, options.build()));
  }

  private static byte[] bytes(Tensor tensor) throws LoadException {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.toHost(MemorySegment.ofArray(bytes));
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "BOOL, 6",
    "U8, 1",
    "I8, 0",
    "U16, 1",
    "I16, 0",
    "U32, 1",
    "I32, 0",
    "U64, 1",
    "I64, 0",
    "F16, 2",
    "BF16, 4",
    "F32, 2",
    "F64, 2",
    "C64, 5",
    "F8_E4M3, 10",
    "F8_E4M3FNUZ, 11",
    "F8_E5M2, 12",
    "F8_E5M2FNUZ, 13",
    "F8_E8M0, 14",
    "F6_E2M3, 15",
    "F6_E3M2, 16",
    "F4, 17"
  })
  void eachTypeHasItsCode(DType dtype, int code) throws LoadException {
    Tensor tensor = tensor(dtype, 2, 3, 4);
    for (boolean versioned : new boolean[] {true, false}) {
      NativeConsumer seen = export(tensor, options().versioned(versioned));
      assertThat(seen.tensor("code")).isEqualTo(code);
      assertThat(seen.tensor("bits")).isEqualTo(dtype.bits());
      assertThat(seen.tensor("lanes")).isEqualTo(1);
      assertThat(seen.shape()).containsExactly(2, 3, 4);
      assertThat(seen.strides()).containsExactly(12, 4, 1);
      assertThat(seen.tensor("device_type")).isEqualTo(1);
      assertThat(seen.tensor("device_id")).isZero();
      assertThat(seen.tensor("data")).isEqualTo(tensor.address());
      assertThat(seen.tensor("byte_offset")).isZero();
      assertThat(seen.bytes(tensor.byteSize())).isEqualTo(bytes(tensor));
      if (versioned) {
        assertThat(seen.get("major")).isEqualTo(1);
        assertThat(seen.get("flags")).isZero();
      }
      seen.delete();
    }
  }

  @ParameterizedTest
  @EnumSource
  void bitsAreUnsignedIntegersOfTheSize(DType dtype) throws LoadException {
    Tensor tensor = tensor(dtype, 3, 8);
    NativeConsumer seen = export(tensor, options().bits(true));
    assertThat(seen.tensor("code")).isEqualTo(1);
    assertThat(seen.tensor("bits")).isEqualTo(Math.max(8, dtype.bits()));
    assertThat(seen.shape()).containsExactly(3, dtype.isSubByte() ? dtype.bits() : 8);
    assertThat(seen.bytes(tensor.byteSize())).isEqualTo(bytes(tensor));
    seen.delete();
  }

  @Test
  void packedRowsThatEndWithinAByteAreOneDimension() throws LoadException {
    NativeConsumer seen = export(tensor(DType.F4, 2, 3), options().bits(true));
    assertThat(seen.shape()).containsExactly(3);
    assertThat(seen.strides()).containsExactly(1);
    seen.delete();
  }

  @Test
  void torchWantsF4InPairs() throws LoadException {
    NativeConsumer seen = export(tensor(DType.F4, 2, 6), options().pairs(true));
    assertThat(seen.tensor("code")).isEqualTo(17);
    assertThat(seen.tensor("bits")).isEqualTo(4);
    assertThat(seen.tensor("lanes")).isEqualTo(2);
    assertThat(seen.shape()).containsExactly(2, 3);
    assertThat(seen.strides()).containsExactly(3, 1);
    seen.delete();
    export(tensor(DType.F32, 3), options().pairs(true)).delete(); // of no meaning
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> export(tensor(DType.F4, 2, 3), options().pairs(true)))
        .withMessageContaining("tensor w of [2, 3] can't be handed over in pairs");
  }

  @Test
  void scalarsAndEmptyTensors() throws LoadException {
    NativeConsumer scalar = export(tensor(DType.F32), options().alignment(64));
    assertThat(scalar.tensor("ndim")).isZero();
    assertThat(scalar.bytes(4)).containsExactly(1, 2, 3, 4);
    scalar.delete();
    for (CopyMode copy : CopyMode.values()) {
      NativeConsumer empty = export(tensor(DType.F32, 3, 0, 2), options().copy(copy));
      assertThat(empty.tensor("data")).isZero();
      assertThat(empty.shape()).containsExactly(3, 0, 2);
      assertThat(empty.strides()).hasSize(3);
      empty.delete();
    }
  }

  @Test
  void copiesAreTheConsumersOwn() throws LoadException {
    for (long count : new long[] {10, 100_000}) {
      Tensor tensor = tensor(DType.I32, count);
      NativeConsumer seen = export(tensor, options().copy(CopyMode.ALWAYS));
      assertThat(seen.get("flags")).isEqualTo(IS_COPIED);
      assertThat(seen.tensor("data") % 256).isZero();
      assertThat(seen.bytes(tensor.byteSize())).isEqualTo(bytes(tensor));
      seen.memory(4).fill((byte) 9);
      assertThat(tensor.getInt(0)).isEqualTo(0x04030201);
      seen.delete();
    }
  }

  @Test
  void whatMustNotBeWrittenIsCopiedOrFlagged() throws LoadException {
    MemorySegment memory = arena.allocate(8, 64);
    Tensor tensor = Tensor.of("w", DType.U8, Shape.of(8), memory.asReadOnly());
    NativeConsumer copied = export(tensor, options());
    assertThat(copied.get("flags")).isEqualTo(IS_COPIED);
    assertThat(copied.tensor("data")).isNotEqualTo(memory.address());
    copied.delete();
    NativeConsumer flagged = export(tensor, options().readOnly(true));
    assertThat(flagged.get("flags")).isEqualTo(READ_ONLY);
    assertThat(flagged.tensor("data")).isEqualTo(memory.address());
    flagged.delete();
    NativeConsumer unflagged = export(tensor, options().readOnly(true).versioned(false));
    assertThat(unflagged.tensor("data")).isNotEqualTo(memory.address());
    unflagged.delete();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> export(tensor, options().copy(CopyMode.NEVER)))
        .withMessageContaining("tensor w can't be handed over without a copy: it must not")
        .withMessageContaining("LoadOptions.writable");
  }

  @Test
  void alignmentIsKeptByACopy() throws LoadException {
    MemorySegment memory = arena.allocate(128, 64).asSlice(4, 16);
    Tensor tensor = Tensor.of("w", DType.F32, Shape.of(4), memory);
    NativeConsumer seen = export(tensor, options().alignment(64));
    assertThat(seen.tensor("data") % 64).isZero();
    assertThat(seen.get("flags")).isEqualTo(IS_COPIED);
    seen.delete();
    NativeConsumer same = export(tensor, options().alignment(4).copy(CopyMode.NEVER));
    assertThat(same.tensor("data")).isEqualTo(memory.address());
    same.delete();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> export(tensor, options().alignment(64).copy(CopyMode.NEVER)))
        .withMessageContaining("no multiple of 64");
    for (long wrong : new long[] {0, -64, 3, 512}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options().alignment(wrong))
          .withMessageContaining("a power of two up to 256");
    }
  }

  @Test
  void arraysOfJavaAreCopied() throws LoadException {
    Tensor tensor = Tensor.of("w", DType.I32, Shape.of(2), MemorySegment.ofArray(new int[] {1, 2}));
    NativeConsumer seen = export(tensor, options());
    assertThat(seen.get("flags")).isEqualTo(IS_COPIED);
    assertThat(seen.bytes(8)).containsExactly(1, 0, 0, 0, 2, 0, 0, 0);
    seen.delete();
  }

  @Test
  void devicesHaveTheNumbersOfDlpackOrNone() {
    assertThat(DLPack.deviceType(Device.CPU)).isEqualTo(1);
    assertThat(DLPack.deviceType(Device.cuda(3))).isEqualTo(2);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> DLPack.deviceType(Device.parse("sim:1")))
        .withMessageContaining("sim:1");
  }
}
