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
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tensor's memory as buffers, made of segments, and written to files. */
class TensorMemoryTests {
  @TempDir private Path folder;

  private static Tensor floats(MemorySegment segment) {
    return Tensor.of("w", DType.F32, Shape.of(2, 2), segment);
  }

  @Test
  void aWindowIsTheMemoryInLittleEndianOrder() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4);
      Tensor tensor = floats(segment);
      ByteBuffer all = tensor.asByteBuffer();
      assertThat(all.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
      assertThat(all.remaining()).isEqualTo(16);
      assertThat(all.asFloatBuffer().get(3)).isEqualTo(4);
      all.putFloat(0, 9);
      assertThat(tensor.getFloat(0, 0)).isEqualTo(9);
      ByteBuffer part = tensor.asByteBuffer(4, 8);
      assertThat(part.remaining()).isEqualTo(8);
      assertThat(part.getFloat()).isEqualTo(2);
      assertThat(tensor.asByteBuffer(16, 0).hasRemaining()).isFalse();
      for (long[] outside :
          new long[][] {{-1, 2}, {0, 17}, {16, 1}, {3, -1}, {1, Long.MAX_VALUE}}) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
            .isThrownBy(() -> tensor.asByteBuffer(outside[0], outside[1]))
            .withMessage(
                "tensor 'w' F32 [2, 2] has 16 bytes: no %s from %s on"
                    .formatted(outside[1], outside[0]));
      }
    }
  }

  @Test
  void largeTensorsHaveWindowsToParts() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment holes = Holes.map(folder.resolve("holes"), 3L << 30, arena);
      Tensor tensor = Tensor.of("w", DType.U8, Shape.of(3L << 30), holes);
      assertThatExceptionOfType(UnsupportedOperationException.class)
          .isThrownBy(tensor::asByteBuffer)
          .withMessage(
              "tensor 'w' U8 [3221225472]: 3221225472 bytes are more than the 2147483647 that a"
                  + " ByteBuffer can hold: take parts by asByteBuffer(offset, length), or host()");
      holes.set(ValueLayout.JAVA_BYTE, 3_000_000_000L, (byte) 5);
      assertThat(tensor.asByteBuffer(3_000_000_000L - 1, 2).get(1)).isEqualTo((byte) 5);
    }
  }

  @Test
  void whatIsNotWritableGivesReadOnlyBuffers() throws IOException {
    Tensor tensor = floats(MemorySegment.ofArray(new byte[16]).asReadOnly());
    assertThat(tensor.isWritable()).isFalse();
    assertThat(tensor.host().orElseThrow().isReadOnly()).isTrue();
    ByteBuffer buffer = tensor.asByteBuffer();
    assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> buffer.put((byte) 1));
  }

  @Test
  void arraysOfAnyTypeAreMemoryWithoutAnAddress() throws IOException {
    float[] array = {1, 2, 3, 4};
    Tensor tensor = floats(MemorySegment.ofArray(array));
    array[3] = 5;
    assertThat(tensor.toFloatArray()).containsExactly(1, 2, 3, 5);
    assertThat(tensor.isWritable()).isTrue();
    assertThat(tensor.asByteBuffer().getFloat(12)).isEqualTo(5);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(tensor::address)
        .withMessage(
            "tensor 'w' F32 [2, 2] is in a Java array, which has no address: allocate its segment in"
                + " an Arena");
    try (Tensor copy = tensor.copy();
        Tensor half = tensor.to(DType.F16)) {
      assertThat(copy.address()).isNotZero();
      assertThat(copy.toFloatArray()).containsExactly(1, 2, 3, 5);
      assertThat(half.getFloat(1, 1)).isEqualTo(5);
    }
  }

  @Test
  void aTensorOfASegmentEndsWithIt() throws IOException {
    Tensor tensor;
    Tensor kept;
    try (Arena arena = Arena.ofShared()) {
      tensor = floats(arena.allocate(16));
      assertThat(tensor.isView()).isTrue();
      assertThat(tensor.device()).isEqualTo(Device.CPU);
      tensor.close();
      assertThat(tensor.address()).as("after close, which does nothing").isNotZero();
      kept = tensor.retain();
    }
    String ended = "tensor 'w' F32 [2, 2] has ended: its segment is closed";
    assertThatIllegalStateException().isThrownBy(tensor::toFloatArray).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(tensor::address).withMessage(ended);
    assertThatIllegalStateException().isThrownBy(kept::host).withMessage(ended);
    assertThat(tensor)
        .hasToString("tensor(<" + ended + ">, name='w', dtype=F32, shape=[2, 2], device=cpu)");
    kept.close();
  }

  @Test
  void aSegmentOfAnotherSizeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> floats(MemorySegment.ofArray(new byte[17])))
        .withMessage("tensor 'w' F32 [2, 2] takes 16 bytes, not the segment's 17");
    MemorySegment some = MemorySegment.ofArray(new byte[1]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tensor.of("w", DType.F4, Shape.of(3), some))
        .withMessageStartingWith("tensor 'w' F4 [3]: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tensor.of("w", DType.F32, Shape.of(1L << 62, 8), some))
        .withMessageStartingWith("tensor 'w' F32 ");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tensorsAreSourcesForTheWriter(boolean hostVisible) throws IOException {
    Samples file = new Samples(folder.resolve("f"));
    file.with("a", DType.F4, 6, 8).with("b", DType.BF16, 3_000_000).with("c", DType.I64, 0, 7);
    file.write();
    Bench bench = new Bench();
    bench.runtime.hostVisible = hostVisible;
    try (Loader loader = bench.loader().addFiles(0, List.of(file.path));
        FileBuffer buffer = loader.load()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (String name : buffer.keys()) {
        Tensor tensor = buffer.tensor(name);
        writer.add(name, tensor.dtype(), tensor.shape(), tensor);
      }
      writer.write(folder.resolve("again"));
    }
    assertThat(Files.readAllBytes(folder.resolve("again")))
        .isEqualTo(Files.readAllBytes(file.path));
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void aTensorThatHasEndedLeavesNoFile() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Arena arena = Arena.ofShared()) {
      Tensor tensor = floats(arena.allocate(16));
      writer.add("w", tensor.dtype(), tensor.shape(), tensor);
    }
    assertThatIllegalStateException().isThrownBy(() -> writer.write(folder.resolve("f")));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aDevicesBytesComeAsAReadOnlyCopy() throws IOException {
    Samples file = new Samples(folder.resolve("f")).with("w", DType.U8, 5_000_000).write();
    Bench bench = new Bench();
    bench.runtime.hostVisible = false;
    try (Loader loader = bench.loader().addFiles(0, List.of(file.path))) {
      ByteBuffer copy;
      try (FileBuffer buffer = loader.load()) {
        Tensor tensor = buffer.tensor("w");
        assertThat(tensor.isWritable()).as("on the device").isTrue();
        copy = tensor.asByteBuffer(1, 4_999_999);
      }
      assertThat(copy.isReadOnly()).isTrue();
      byte[] bytes = new byte[copy.remaining()];
      copy.get(bytes);
      assertThat(bytes).isEqualTo(Arrays.copyOfRange(file.bytes.get("w"), 1, 5_000_000));
    }
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void textOfAFailingDeviceSaysSo() throws IOException {
    Samples file = new Samples(folder.resolve("f")).with("w", DType.U8, 2000, 3).write();
    Bench bench = new Bench();
    bench.runtime.hostVisible = false;
    try (Loader loader = bench.loader().addFiles(0, List.of(file.path));
        FileBuffer buffer = loader.load()) {
      Tensor tensor = buffer.tensor("w");
      assertThat(bench.ledger.largest("staging")).isZero();
      assertThat(tensor.toString()).startsWith("tensor([[");
      assertThat(bench.ledger.largest("staging")).as("bytes read").isEqualTo(18);
      bench.runtime.operationsUntilFailure.set(0);
      assertThat(tensor)
          .hasToString(
              "tensor(<the device failed on demand>, name='w', dtype=U8, shape=[2000, 3],"
                  + " device=fake:0)");
    }
    bench.ledger.assertAllClosedOnce();
  }
}
