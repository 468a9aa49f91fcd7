// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A mapped file that was cut off: whatever of ours touches it says which file it is. */
class LostPagesTests {
  private static final int BYTES = 8 << 20;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "posix"})
  void copiesAndConversionsNameTheFile(String backend) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux"), "other systems refuse to cut a mapped file");
    Path file = folder.resolve("m.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocate(BYTES);
      new SafetensorsWriter()
          .add("a", DType.F32, Shape.of(BYTES / 8), elements.asSlice(0, BYTES / 2))
          .add("b", DType.F32, Shape.of(BYTES / 8), elements.asSlice(BYTES / 2))
          .write(file);
      LoadOptions mapped = LoadOptions.builder().backend(backend).path(AccessPath.MAPPED).build();
      try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
          FileBuffer buffer = loader.load(mapped)) {
        cut(file);
        Tensor tensor = buffer.tensor("b");
        assertNamed(file, () -> tensor.toHost(elements));
        assertNamed(file, () -> tensor.copy().close());
        assertNamed(file, () -> write(tensor));
        Path copy = folder.resolve("copy.safetensors");
        SafetensorsWriter writer =
            new SafetensorsWriter().add("b", DType.F32, tensor.shape(), tensor);
        assertThatIOException()
            .isThrownBy(() -> writer.write(copy))
            .withMessageContaining(copy + ": tensor 'b'")
            .withMessageContaining(file + ": mapped bytes can't be read");
        assertNamed(file, tensor::toFloatArray);
        assertNamed(file, tensor::toDoubleArray);
        assertNamed(file, () -> tensor.getFloat(BYTES / 8 - 1));
        assertThat(tensor.toString()).contains("cut off", "name='b', dtype=F32");
        assertNamed(file, () -> tensor.to(DType.F16).close());
        assertNamed(file, () -> buffer.tensor("b", TensorOptions.of(DType.BF16)).close());
        assertNamed(
            file,
            () ->
                buffer.concatenate(List.of("a", "b"), 0, TensorOptions.of(Part.shard(0))).close());
      }
    }
  }

  private static void cut(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(4096);
    }
  }

  /** To a channel the kernel itself reads the pages. */
  private void write(Tensor tensor) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve("bytes"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      tensor.writeTo(channel);
    }
  }

  private static void assertNamed(Path file, ThrowingCallable touch) {
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(touch)
        .withMessageContaining(file.toString())
        .withMessageContaining("cut off");
  }
}
