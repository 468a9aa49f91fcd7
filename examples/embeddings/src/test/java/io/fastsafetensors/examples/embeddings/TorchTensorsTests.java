// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** PyTorch gets our memory, and gives it back. */
class TorchTensorsTests {
  @TempDir private Path folder;

  static Stream<DType> types() {
    return Stream.of(DType.values()).filter(TorchTensorsTests::isKnown);
  }

  private static boolean isKnown(DType dtype) {
    return !dtype.isSubByte();
  }

  @ParameterizedTest
  @MethodSource("types")
  void aTensorIsTheSameMemory(DType dtype) throws Exception {
    try (Loader loader = Loader.open(write(dtype, Shape.of(2, 3)));
        FileBuffer buffer = loader.load();
        Tensor torch = TorchTensors.of(buffer.tensor("w0"))) {
      assertThat(torch.data_ptr().address()).isEqualTo(buffer.tensor("w0").address());
      assertThat(torch.scalar_type().intern()).isEqualTo(TorchTensors.type(dtype));
      assertThat(torch.nbytes()).isEqualTo(buffer.tensor("w0").byteSize());
      assertThat(new long[] {torch.size(0), torch.size(1)}).containsExactly(2, 3);
    }
  }

  @Test
  void packedTypesAreRefusedByName() {
    assertThatThrownBy(() -> TorchTensors.type(DType.F4))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("PyTorch has no elements of F4");
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void scalarsAndTensorsWithoutElementsArrive(Shape shape) throws Exception {
    try (Loader loader = Loader.open(write(DType.F32, shape));
        FileBuffer buffer = loader.load();
        Tensor torch = TorchTensors.of(buffer.tensor("w0"))) {
      assertThat(torch.dim()).isEqualTo(shape.dimensions());
      assertThat(torch.numel()).isEqualTo(shape.elements());
    }
  }

  static List<Shape> shapes() {
    return List.of(Shape.of(), Shape.of(0), Shape.of(3, 0, 2));
  }

  /** More than JavaCPP has callbacks, each twice, and freed in another order than made. */
  @Test
  void memoryLivesUntilTheLastTensorOfPyTorchs() throws Exception {
    Path file = write(DType.F32, Shape.of(16));
    List<Tensor> tensors = new ArrayList<>();
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load(path(AccessPath.MAPPED))) {
      for (String name : buffer.keys()) {
        tensors.add(TorchTensors.of(buffer.tensor(name)));
        tensors.add(TorchTensors.of(buffer.tensor(name)));
      }
    }
    Tensor view = tensors.getLast().narrow(0, 4, 2);
    tensors.forEach(Tensor::close);
    assertThat(isMapped(file)).isTrue();
    try (view;
        Tensor element = view.select(0, 1)) {
      assertThat(element.item_float()).isEqualTo(5);
    }
    assertThat(isMapped(file)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(
      value = AccessPath.class,
      names = {"MAPPED", "COPIED"})
  void whatIsWritableIsWrittenInPlaceAndTheFileStays(AccessPath path) throws Exception {
    Path file = write(DType.F32, Shape.of(16));
    byte[] before = Files.readAllBytes(file);
    LoadOptions options = path(path).toBuilder().writable(true).build();
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load(options);
        Tensor torch = TorchTensors.of(buffer.tensor("w0"));
        Scalar one = new Scalar(1f)) {
      torch.add_(one);
      assertThat(buffer.tensor("w0").getFloat(5)).isEqualTo(6);
    }
    assertThat(file).hasBinaryContent(before);
  }

  private static LoadOptions path(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  private static boolean isMapped(Path file) throws Exception {
    return Files.readString(Path.of("/proc/self/maps")).contains(file.toString());
  }

  /** Writes some tensors; those of floats count from 0. */
  private Path write(DType dtype, Shape shape) throws Exception {
    Path file = folder.resolve("w.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < 12; i++) {
        MemorySegment values = arena.allocate(Math.max(4, dtype.byteSize(shape.elements())), 8);
        for (int k = 0; k < values.byteSize() / 4; k++) {
          values.setAtIndex(ValueLayout.JAVA_FLOAT, k, k);
        }
        writer.add("w" + i, dtype, shape, values.asSlice(0, dtype.byteSize(shape.elements())));
      }
      writer.write(file);
    }
    return file;
  }
}
