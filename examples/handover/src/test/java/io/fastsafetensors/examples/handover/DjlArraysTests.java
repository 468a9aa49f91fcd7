// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
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
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** DJL's engines read our memory, and hold it. */
class DjlArraysTests {
  @TempDir private Path folder;
  private Path file;

  /** Those that compute; PyTorch is there with the profile djl-pytorch. */
  static List<String> engines() {
    return Stream.of("OnnxRuntime", "PyTorch").filter(Engine::hasEngine).toList();
  }

  @BeforeEach
  void write() throws Exception {
    file = folder.resolve("w.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values =
          arena.allocateFrom(ValueLayout.JAVA_FLOAT, new float[] {0, 1, 2, 3, 4, 5});
      new SafetensorsWriter()
          .add("w", DType.F32, Shape.of(2, 3), values)
          .add("packed", DType.F4, Shape.of(2, 24), values)
          .write(file);
    }
  }

  @Test
  void thereIsAnEngine() {
    assertThat(engines()).contains("OnnxRuntime");
  }

  @ParameterizedTest
  @MethodSource("engines")
  void anArrayIsTheSameMemory(String engine) throws Exception {
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load(path(AccessPath.COPIED));
        NDManager manager = NDManager.newBaseManager(engine)) {
      NDArray array = DjlArrays.of(manager, buffer.tensor("w"));
      assertThat(array.getShape().getShape()).containsExactly(2, 3);
      assertThat(array.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
      buffer.tensor("w").host().orElseThrow().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4, 7);
      assertThat(array.toFloatArray()).containsExactly(0, 7, 2, 3, 4, 5);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void theManagerHoldsTheMemory(String engine) throws Exception {
    try (NDManager manager = NDManager.newBaseManager(engine)) {
      NDArray array;
      try (Loader loader = Loader.open(file);
          FileBuffer buffer = loader.load(path(AccessPath.MAPPED))) {
        array = DjlArrays.of(manager, buffer.tensor("w"));
      }
      assertThat(isMapped()).isTrue();
      assertThat(array.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
    }
    assertThat(isMapped()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void packedTypesAreRefused(String engine) throws Exception {
    try (Loader loader = Loader.open(file);
        FileBuffer buffer = loader.load();
        NDManager manager = NDManager.newBaseManager(engine)) {
      assertThatThrownBy(() -> DjlArrays.of(manager, buffer.tensor("packed")))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage("DJL has no F4");
    }
  }

  private static LoadOptions path(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  private boolean isMapped() throws Exception {
    return Files.readString(Path.of("/proc/self/maps")).contains(file.toString());
  }
}
