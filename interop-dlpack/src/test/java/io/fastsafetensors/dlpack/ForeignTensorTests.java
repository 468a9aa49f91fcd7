// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors of another library, whose deleter is counted. */
class ForeignTensorTests {
  private static final String VERSIONED = "dltensor_versioned";
  private static final AtomicInteger DELETED = new AtomicInteger();

  @TempDir private Path folder;
  private final Arena arena = Arena.ofShared();
  private long deleter;

  @BeforeEach
  @SuppressWarnings("restricted")
  void makeDeleter() throws ReflectiveOperationException {
    DELETED.set(0);
    deleter =
        Linker.nativeLinker()
            .upcallStub(
                MethodHandles.lookup()
                    .findStatic(
                        ForeignTensorTests.class,
                        "deleted",
                        MethodType.methodType(void.class, long.class)),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG),
                arena)
            .address();
  }

  @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // called by its address
  private static void deleted(long struct) {
    DELETED.incrementAndGet();
  }

  @AfterEach
  void end() {
    arena.close();
  }

  /** A tensor of two rows and three columns of F32: 1 to 6. */
  private NativeConsumer struct(String name) {
    return struct(
        name,
        arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6).address(),
        new long[] {2, 3});
  }

  private NativeConsumer struct(String name, long data, long... dims) {
    return NativeConsumer.allocate(name, arena)
        .set("deleter", deleter)
        .setTensor("data", data)
        .setTensor("device_type", 1)
        .setTensor("ndim", dims.length)
        .setTensor("code", 2)
        .setTensor("bits", 32)
        .setTensor("lanes", 1)
        .setTensor("shape", numbers(dims));
  }

  private NativeConsumer versioned() {
    return struct(VERSIONED).set("major", 1).set("minor", 3);
  }

  private long numbers(long... numbers) {
    return arena.allocateFrom(ValueLayout.JAVA_LONG, numbers).address();
  }

  private static ForeignTensor take(NativeConsumer struct) throws LoadException {
    return DLPack.take(VERSIONED, struct.address());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dltensor", VERSIONED})
  void aWriterSavesIt(String name) throws IOException {
    NativeConsumer struct = struct(name);
    if (name.equals(VERSIONED)) {
      struct.set("major", 1);
    }
    Path file = folder.resolve("foreign.safetensors");
    ForeignTensor foreign = DLPack.take(name, struct.address());
    try (foreign) {
      assertThat(foreign.byteSize()).isEqualTo(24);
      assertThat(foreign.segment().address()).isEqualTo(struct.tensor("data"));
      new SafetensorsWriter().add("w", foreign.dtype(), foreign.shape(), foreign).write(file);
      assertThat(foreign.tensor("w").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(DELETED).hasValue(0);
    }
    assertThat(DELETED).hasValue(1);
    foreign.close();
    assertThat(DELETED).hasValue(1);
    assertThatIllegalStateException().isThrownBy(foreign::segment);
    assertThatIllegalStateException().isThrownBy(() -> foreign.tensor("w"));
    byte[] all = Files.readAllBytes(file);
    assertThat(Arrays.copyOfRange(all, all.length - 24, all.length)).isEqualTo(struct.bytes(24));
    assertThat(SafetensorsHeader.read(file).tensors().getFirst().shape()).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void segmentsEndWithIt() throws LoadException {
    ForeignTensor foreign = take(versioned());
    MemorySegment segment = foreign.segment();
    Tensor tensor = foreign.tensor("w");
    foreign.close();
    assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
    assertThatIllegalStateException().isThrownBy(tensor::toFloatArray);
  }

  @Test
  void flagsOffsetsAndMissingDeletersAreLookedAt() throws LoadException {
    NativeConsumer struct =
        versioned().set("flags", 1).set("deleter", 0).setTensor("byte_offset", 4);
    struct.setTensor("shape", numbers(5)).setTensor("ndim", 1);
    try (ForeignTensor foreign = take(struct)) {
      assertThat(foreign.segment().isReadOnly()).isTrue();
      assertThat(foreign.tensor("w").toFloatArray()).containsExactly(2, 3, 4, 5, 6);
    }
    assertThat(DELETED).hasValue(0);
  }

  @ParameterizedTest
  @CsvSource({"3, 1", "1, 1", "3, -77"})
  void stridesThatArePackedAreTaken(long first, long ignored) throws LoadException {
    NativeConsumer struct = versioned().setTensor("strides", numbers(3, 1));
    take(struct).close();
    struct.setTensor("shape", numbers(1, 3)).setTensor("strides", numbers(ignored, 1));
    take(struct).close();
    struct.setTensor("shape", numbers(0, 3)).setTensor("strides", numbers(first, ignored));
    take(struct).close();
    assertThat(DELETED).hasValue(3);
  }

  @Test
  void otherStridesAreRefusedByAnErrorWithTheRemedy() {
    NativeConsumer struct = versioned().setTensor("strides", numbers(1, 2));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> take(struct))
        .withMessageContaining("shape [2, 3] has the strides [1, 2]")
        .withMessageContaining("contiguous first");
    assertThat(DELETED).as("what is refused stays the caller's").hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 11, 13})
  void memoryThatTheHostSeesIsTaken(int type) throws LoadException {
    take(versioned().setTensor("device_type", type)).close();
  }

  @Test
  void otherMemoryIsRefused() {
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> take(versioned().setTensor("device_type", 2).setTensor("device_id", 5)))
        .withMessageContaining("of type 2, number 5")
        .withMessageContaining("tensor.cpu()");
  }

  @ParameterizedTest
  @EnumSource
  void typesComeBackAsTheyWent(DType dtype) throws LoadException {
    Tensor tensor =
        Tensor.of(
            "w", dtype, Shape.of(2, 8), arena.allocate(dtype.byteSize(16), 64).fill((byte) 5));
    for (boolean versioned : new boolean[] {true, false}) {
      Capsule capsule = DLPack.export(tensor, ExportOptions.builder().versioned(versioned).build());
      try (ForeignTensor back = DLPack.take(capsule.name(), capsule.take())) {
        assertThat(back.dtype()).isEqualTo(dtype);
        assertThat(back.shape()).isEqualTo(tensor.shape());
        assertThat(back.segment().address()).isEqualTo(tensor.address());
      }
      assertThat(TakenCapsules.count()).isZero();
    }
  }

  @Test
  void pairsOfF4AreTwoElements() throws LoadException {
    NativeConsumer struct =
        versioned().setTensor("code", 17).setTensor("bits", 4).setTensor("lanes", 2);
    try (ForeignTensor foreign = take(struct)) {
      assertThat(foreign.dtype()).isEqualTo(DType.F4);
      assertThat(foreign.shape()).isEqualTo(Shape.of(2, 6));
      assertThat(foreign.byteSize()).isEqualTo(6);
    }
  }

  @ParameterizedTest
  @CsvSource({"2, 32, 4", "5, 128, 1", "2, 128, 1", "9, 8, 1", "3, 64, 1", "0, 4, 1", "17, 8, 1"})
  void typesThatFilesDoNotHaveAreRefused(int code, int bits, int lanes) {
    NativeConsumer struct =
        versioned().setTensor("code", code).setTensor("bits", bits).setTensor("lanes", lanes);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> take(struct))
        .withMessageContaining("code %s with %s bits and %s lanes", code, bits, lanes);
  }

  @Test
  void paddedTypesAreRefused() {
    NativeConsumer struct = versioned().set("flags", 4).setTensor("code", 17).setTensor("bits", 4);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> take(struct))
        .withMessageContaining("F4 in whole bytes");
  }

  @Test
  void whatContradictsItselfIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> DLPack.take(VERSIONED, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DLPack.take("used_dltensor", versioned().address()))
        .withMessageContaining("was taken before");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DLPack.take("capsule", versioned().address()))
        .withMessageContaining("want dltensor or dltensor_versioned");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> take(versioned().setTensor("ndim", -1)))
        .withMessageContaining("has -1 dimensions");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> take(versioned().setTensor("shape", 0)))
        .withMessageContaining("doesn't say its dimensions");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> take(versioned().setTensor("shape", numbers(2, -3))))
        .withMessageContaining("[2, -3]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> take(versioned().setTensor("shape", numbers(1L << 40, 1L << 40))))
        .withMessageContaining("overflow");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> take(versioned().setTensor("data", 0)))
        .withMessageContaining("at no address");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> take(versioned().set("major", 2)))
        .withMessageContaining("of DLPack 2");
    assertThat(DELETED).hasValue(0);
  }

  @Test
  void emptyTensorsAndScalars() throws LoadException {
    try (ForeignTensor none =
        take(versioned().setTensor("shape", numbers(0, 3)).setTensor("data", 0))) {
      assertThat(none.byteSize()).isZero();
    }
    try (ForeignTensor scalar = take(versioned().setTensor("ndim", 0).setTensor("shape", 0))) {
      assertThat(scalar.shape()).isEqualTo(Shape.of());
      assertThat(scalar.tensor("").getFloat()).isEqualTo(1);
    }
    assertThat(DELETED).hasValue(2);
  }
}
