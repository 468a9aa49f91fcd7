// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A view ends with its buffer, a copy with its own close; use after the end is an exception. */
class TensorLifetimeTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples file;
  private Loader loader;
  private FileBuffer buffer;

  @BeforeEach
  void load() throws IOException {
    file =
        new Samples(folder.resolve("f"))
            .with("w", DType.F32, Shape.of(2, 2), Samples.floats(1, 2, 3, 4))
            .with("empty", DType.F32, 0, 7)
            .with("big", DType.U8, 9_000_000)
            .write();
    loader = bench.loader().addFiles(0, List.of(file.path));
  }

  private FileBuffer open() throws IOException {
    buffer = loader.load();
    return buffer;
  }

  @AfterEach
  void nothingIsLeft() {
    buffer.close();
    loader.close();
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void aViewTellsWhatItIs() throws IOException {
    Tensor view = open().tensor("w");
    assertThat(view.name()).isEqualTo("w");
    assertThat(view.dtype()).isEqualTo(DType.F32);
    assertThat(view.shape()).isEqualTo(Shape.of(2, 2));
    assertThat(view.device()).isEqualTo(Device.parse("fake:0"));
    assertThat(view.byteSize()).isEqualTo(16);
    assertThat(view.isView()).isTrue();
    assertThat(view.isWritable()).isTrue();
    assertThat(view)
        .hasToString(
            """
            tensor([[1., 2.],
                    [3., 4.]], name='w', dtype=F32, shape=[2, 2], device=fake:0)\
            """);
    assertThat(view.address()).isEqualTo(view.host().orElseThrow().address());
    view.close();
    assertThat(view.address()).as("after close, which does nothing").isNotZero();
  }

  @Test
  void aCopyIsMemoryOfItsOwn() throws IOException {
    open();
    try (Tensor copy = buffer.tensor("w").copy()) {
      copy.host().orElseThrow().set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
      assertThat(Samples.bytesOf(buffer.tensor("w"))).isEqualTo(file.bytes.get("w"));
    }
  }

  @Test
  void useOfAViewAfterItsBufferIsAnException() throws IOException {
    Tensor view = open().tensor("w");
    MemorySegment segment = view.host().orElseThrow();
    buffer.close();
    String ended = "tensor 'w' F32 [2, 2] has ended: its FileBuffer is closed";
    assertThatIllegalStateException().isThrownBy(view::address).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::host).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::copy).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(() -> view.to(DType.F16)).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::toFloatArray).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(() -> view.getLong(0, 0)).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::asByteBuffer).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::isWritable).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(view::retain).withMessage(ended);
    assertThat(view)
        .hasToString(
            "tensor(<its FileBuffer is closed>, name='w', dtype=F32, shape=[2, 2], device=fake:0)");
    assertThatIllegalStateException()
        .isThrownBy(() -> view.toHost(MemorySegment.ofArray(new byte[16])))
        .withMessage(ended);
    assertThatIllegalStateException()
        .as("the segment that was given out")
        .isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
    assertThatIllegalStateException().isThrownBy(() -> buffer.tensor("w"));
    assertThat(buffer.keys()).as("what needs no memory").hasSize(3);
    view.close();
  }

  @Test
  void useOfACopyAfterItsCloseIsAnException() throws IOException {
    Tensor copy = open().tensor("w").copy();
    assertThat(copy.isView()).isFalse();
    MemorySegment segment = copy.host().orElseThrow();
    copy.close();
    copy.close();
    assertThatIllegalStateException()
        .isThrownBy(copy::address)
        .withMessage("tensor 'w' F32 [2, 2] has ended: it is closed");
    assertThatIllegalStateException().isThrownBy(copy::copy);
    assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aCopyOutlivesBufferAndLoader() throws IOException {
    Tensor copy = open().tensor("w").copy();
    Tensor half = buffer.tensor("w", TensorOptions.of(DType.F16));
    buffer.close();
    loader.close();
    assertThat(Samples.bytesOf(copy)).isEqualTo(file.bytes.get("w"));
    try (Tensor again = copy.to(DType.F64)) {
      assertThat(again.byteSize()).isEqualTo(32);
    }
    copy.close();
    assertThat(bench.ledger.stillOpen("context")).isEqualTo(1);
    half.close();
    assertThat(bench.ledger.stillOpen("context")).isZero();
  }

  @Test
  void tensorsWithoutElementsWork() throws IOException {
    Tensor empty = open().tensor("empty");
    assertThat(empty.byteSize()).isZero();
    empty.toHost(MemorySegment.ofArray(new byte[0]));
    try (Tensor copy = empty.to(DType.F16)) {
      assertThat(copy.shape()).isEqualTo(Shape.of(0, 7));
    }
  }

  @Test
  void refusesATargetThatIsTooSmall() throws IOException {
    Tensor view = open().tensor("w");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> view.toHost(MemorySegment.ofArray(new byte[15])))
        .withMessage("tensor 'w' F32 [2, 2] has 16 bytes, the target 15");
  }

  @Test
  void refusesAConversionThatTheDeviceDoesNotKnow() throws IOException {
    Tensor view = open().tensor("w");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> view.to(DType.F4))
        .withMessage("tensor 'w' F32 [2, 2]: device fake:0 has no conversion from F32 to F4");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void copiesToHostMemoryOfAnyKind(boolean hostVisible) throws IOException {
    bench.runtime.hostVisible = hostVisible;
    open();
    for (String name : List.of("w", "big", "empty")) {
      Tensor tensor = buffer.tensor(name);
      assertThat(tensor.host().isPresent()).isEqualTo(hostVisible);
      assertThat(Samples.bytesOf(tensor)).as("heap").isEqualTo(file.bytes.get(name));
      try (Arena confined = Arena.ofConfined();
          Arena shared = Arena.ofShared()) {
        for (Arena arena : List.of(confined, shared)) {
          // One byte more than needed stays as it was.
          MemorySegment target = arena.allocate(tensor.byteSize() + 1);
          tensor.toHost(target);
          byte[] bytes = target.toArray(ValueLayout.JAVA_BYTE);
          byte[] expected = file.bytes.get(name);
          assertThat(bytes).isEqualTo(Arrays.copyOf(expected, expected.length + 1));
        }
      }
    }
  }

  @Test
  void aCopyThatFailsLeavesNothing() throws IOException {
    Tensor view = open().tensor("w");
    bench.runtime.operationsUntilFailure.set(0);
    assertThatExceptionOfType(LoadException.class).isThrownBy(view::copy);
    bench.runtime.operationsUntilFailure.set(Integer.MAX_VALUE);
    bench.runtime.allocationsUntilFailure.set(0);
    assertThatExceptionOfType(LoadException.class).isThrownBy(view::copy);
    bench.runtime.allocationsUntilFailure.set(Integer.MAX_VALUE);
    assertThat(bench.ledger.stillOpen("buffer")).isEqualTo(1);
    assertThat(bench.ledger.stillOpen("stream")).as("streams that failed").isZero();
    view.copy().close();
    view.copy().close();
    assertThat(bench.ledger.stillOpen("stream")).as("streams kept for reuse").isEqualTo(1);
  }

  @Test
  void aCopyInUseByTheJdkCanBeClosedLater() throws IOException {
    Tensor copy = open().tensor("w").copy();
    bench.runtime.busyOnClose = true;
    assertThatIllegalStateException().isThrownBy(copy::close);
    bench.runtime.busyOnClose = false;
    copy.close();
    assertThat(bench.ledger.stillOpen("buffer")).isEqualTo(1);
  }
}
