// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that are loaded to be written are, by native code, and no file changes. */
class WritableLoadTests {
  private static final int COUNT = 3_000_000;

  @TempDir private Path folder;
  private Path file;
  private byte[] before;

  @BeforeEach
  void write() throws IOException {
    float[] numbers = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = i;
    }
    file = folder.resolve("numbers.safetensors");
    new SafetensorsWriter()
        .add("w", DType.F32, Shape.of(COUNT / 3, 3), MemorySegment.ofArray(numbers))
        .add("small", DType.I32, Shape.of(2), MemorySegment.ofArray(new int[] {5, 6}))
        .add("none", DType.I32, Shape.of(0), MemorySegment.ofArray(new int[0]))
        .write(file);
    before = Files.readAllBytes(file);
  }

  @AfterEach
  void theFileIsAsItWas() throws IOException {
    assertThat(Arrays.equals(Files.readAllBytes(file), before)).isTrue();
  }

  private static LoadOptions options(String backend, AccessPath path) {
    Assumptions.assumeTrue(
        backend.equals("cpu") || System.getProperty("os.name").equals("Linux"),
        "posix is for Linux only");
    return LoadOptions.builder().backend(backend).path(path).writable(true).build();
  }

  /** Writes as a library would that was given the address. */
  @SuppressWarnings("restricted")
  private static void overwrite(Tensor tensor) {
    assertThat(tensor.isWritable()).isTrue();
    assertThat(tensor.host().map(MemorySegment::isReadOnly)).isEqualTo(Optional.of(false));
    if (tensor.byteSize() > 0) {
      MemorySegment.ofAddress(tensor.address()).reinterpret(tensor.byteSize()).fill((byte) 1);
    }
  }

  private static void checkUnwritten(Tensor tensor) throws IOException {
    switch (tensor.name()) {
      case "w" -> {
        assertThat(tensor.getFloat(0, 1)).isEqualTo(1);
        assertThat(tensor.getFloat(COUNT / 3 - 1, 2)).isEqualTo(COUNT - 1);
      }
      case "small" -> assertThat(tensor.toIntArray()).containsExactly(5, 6);
      default -> assertThat(tensor.byteSize()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu,AUTO", "cpu,COPIED", "posix,AUTO", "posix,MAPPED", "posix,COPIED"})
  void aLoad(String backend, AccessPath path) throws IOException {
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        Loader other = Loader.builder().build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.load(options(backend, path))) {
      for (String name : buffer.keys()) {
        checkUnwritten(buffer.tensor(name));
        overwrite(buffer.tensor(name));
      }
      assertThat(buffer.tensor("small").toIntArray()).containsExactly(0x01010101, 0x01010101);
      try (FileBuffer again = other.load(options(backend, path));
          Tensor kept = again.tensor("w").retain()) {
        for (String name : again.keys()) {
          checkUnwritten(again.tensor(name));
        }
        overwrite(kept);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu,AUTO", "posix,AUTO", "posix,MAPPED", "posix,COPIED"})
  void aLoadThatBegins(String backend, AccessPath path) throws IOException {
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.begin(options(backend, path))) {
      for (String name : buffer.keys()) {
        checkUnwritten(buffer.tensor(name));
        overwrite(buffer.tensor(name));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu,AUTO", "posix,AUTO", "posix,MAPPED", "posix,COPIED"})
  void aStream(String backend, AccessPath path) throws IOException {
    StreamOptions stream = StreamOptions.builder().load(options(backend, path)).build();
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        TensorStream tensors = loader.stream(stream)) {
      for (StreamedTensor next : tensors) {
        try (next) {
          checkUnwritten(next.tensor());
          overwrite(next.tensor());
        }
      }
    }
  }

  /** What was written to a part that was read does not show in the next read of it. */
  @ParameterizedTest
  @CsvSource({"cpu,AUTO", "posix,AUTO", "posix,MAPPED", "posix,COPIED"})
  void partsOfAnOpenCheckpoint(String backend, AccessPath path) throws IOException {
    LoadOptions options = options(backend, path);
    byte[] whole = new byte[COUNT * Float.BYTES];
    MemorySegment target = MemorySegment.ofArray(whole);
    try (OpenCheckpoint checkpoint = Checkpoint.find(file).open(options, Plugins.installed())) {
      for (int round = 0; round < 2; round++) {
        for (String name : checkpoint.keys()) {
          try (Tensor tensor = checkpoint.read(name)) {
            checkUnwritten(tensor);
            overwrite(tensor);
            checkpoint.read("w", Part.whole(), target);
            assertThat(Tensor.of("w", DType.F32, Shape.of(COUNT), target).getFloat(1)).isEqualTo(1);
          }
        }
        try (Tensor rows = checkpoint.read("w", Part.rows(7, 9))) {
          assertThat(rows.getFloat(1, 0)).isEqualTo(27);
          overwrite(rows);
        }
      }
    }
  }

  /** Large parts are mapped, each by itself, and no mapping is left. */
  @ParameterizedTest
  @ValueSource(strings = {"AUTO", "MAPPED"})
  void mappingsOfPartsComeAndGo(AccessPath path) throws IOException {
    LoadOptions options = options("posix", path);
    try (OpenCheckpoint checkpoint = Checkpoint.find(file).open(options, Plugins.installed())) {
      try (Tensor one = checkpoint.read("w");
          Tensor two = checkpoint.read("w")) {
        assertThat(one.address()).isNotEqualTo(two.address());
        assertThat(checkpoint.report().cacheBytes()).isEqualTo(2L * COUNT * Float.BYTES);
        assertThat(mappings()).isEqualTo(3); // and the one that others copy from
      }
      assertThat(mappings()).isEqualTo(1);
    }
    assertThat(mappings()).isZero();
  }

  private long mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.endsWith(file.toString()))
        .count();
  }
}
