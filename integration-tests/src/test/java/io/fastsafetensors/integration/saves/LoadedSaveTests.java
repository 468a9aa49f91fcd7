// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.integration.SystemCommand;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was loaded, or streams by, is saved, from every kind of memory. */
class LoadedSaveTests {
  private static final Shape LARGE = Shape.of(1031, 997);

  @TempDir private Path temp;
  private Path source;
  private Path target;
  private final Map<String, byte[]> bytes = new TreeMap<>();

  @BeforeEach
  void makeSource() throws IOException {
    source = temp.toRealPath().resolve("source");
    target = temp.toRealPath().resolve("target");
    CheckpointWriter writer = CheckpointWriter.create();
    for (int i = 0; i < 5; i++) {
      add(writer, "large" + i, DType.F32, LARGE);
      add(writer, "small" + i, DType.BF16, Shape.of(i, 7));
    }
    add(writer, "scalar", DType.I64, Shape.of());
    writer.write(source, SaveOptions.builder().maxShardBytes(9_000_000).build());
  }

  private void add(CheckpointWriter writer, String name, DType dtype, Shape shape) {
    byte[] elements = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(name.hashCode()).nextBytes(elements);
    bytes.put(name, elements);
    writer.add(name, dtype, shape, MemorySegment.ofArray(elements));
  }

  private void assertSaved(Path folder) throws IOException {
    Map<String, byte[]> read = new TreeMap<>();
    try (OpenCheckpoint checkpoint = Checkpoint.find(folder).open()) {
      for (String name : checkpoint.keys()) {
        try (var tensor = checkpoint.read(name)) {
          byte[] elements = new byte[Math.toIntExact(tensor.byteSize())];
          tensor.toHost(MemorySegment.ofArray(elements));
          read.put(name, elements);
        }
      }
    }
    assertThat(read).containsExactlyInAnyOrderEntriesOf(bytes);
  }

  @ParameterizedTest
  @EnumSource
  void savesWhatWasLoaded(AccessPath path) throws IOException {
    save(LoadOptions.builder().path(path).build(), Device.CPU);
    assertSaved(target);
  }

  @Test
  void savesFromADevice() throws IOException {
    SaveReport report = save(LoadOptions.defaults(), new Device(SimRuntime.TYPE, 0));
    assertSaved(target);
    assertThat(report.files()).hasSizeGreaterThan(2);
  }

  private SaveReport save(LoadOptions options, Device device) throws IOException {
    try (Loader loader = Loader.builder().device(device).build()) {
      loader.addCheckpoint(source);
      CheckpointWriter writer = CheckpointWriter.create();
      try (FileBuffer buffer = loader.load(options)) {
        for (String name : buffer.keys()) {
          writer.add(buffer.tensor(name));
        }
        return writer.write(target, SaveOptions.builder().maxShardBytes(5_000_000).build());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {3_000_000, 5_000_000, 100_000_000})
  void savesAStream(long most) throws IOException {
    for (DirectMode direct : DirectMode.values()) {
      SaveOptions options = SaveOptions.builder().maxShardBytes(most).direct(direct).build();
      stream(target, options);
      assertSaved(target);
    }
  }

  private SaveReport stream(Path to, SaveOptions options) throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    for (SafetensorsHeader header : Checkpoint.find(source).headers()) {
      for (TensorInfo tensor : header.tensors()) {
        writer.declare(tensor.name(), tensor.dtype(), tensor.shape());
      }
    }
    try (Loader loader = Loader.builder().build()) {
      loader.addCheckpoint(source);
      StreamOptions window = StreamOptions.builder().window(2 << 20).pieces(true).build();
      try (TensorStream stream = loader.stream(window);
          CheckpointSave save = writer.begin(to, options)) {
        stream.consume(save::put);
        return save.finish();
      }
    }
  }

  @Test
  void refusesToReplaceWhatAStreamComesFrom() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> stream(source, SaveOptions.defaults()))
        .withMessageContaining("is a file that tensors come from, and would be replaced");
    assertSaved(source);
  }

  @Test
  void refusesToReplaceWhatTensorsAreMappedFrom() throws IOException {
    target = source;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> save(LoadOptions.builder().path(AccessPath.MAPPED).build(), Device.CPU))
        .withMessageContaining("is a file that tensors come from, and would be replaced");
    assertSaved(source);
    save(LoadOptions.builder().path(AccessPath.COPIED).build(), Device.CPU);
    assertSaved(source);
  }

  @Test
  void aFullDiskLeavesTheOldCheckpoint() throws Exception {
    Path disk = Files.createDirectory(temp.resolve("disk"));
    assumeTrue(
        SystemCommand.run("mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk.toString()) == 0,
        "can't mount a small file system: it takes root");
    try {
      target = disk.resolve("out");
      CheckpointWriter old = CheckpointWriter.create();
      add(old, "old", DType.U8, Shape.of(1000));
      old.write(target);
      CheckpointWriter full = CheckpointWriter.create();
      add(full, "new", DType.U8, Shape.of(31 << 20));
      assertThatIOException()
          .isThrownBy(() -> full.write(target))
          .withMessageContaining("the file system has ");
      CheckpointWriter late = CheckpointWriter.create();
      add(late, "late", DType.U8, Shape.of(20 << 20));
      late.add(
          "filler",
          DType.U8,
          Shape.of(5 << 20),
          channel -> {
            Files.write(disk.resolve("other"), new byte[9 << 20]);
            channel.write(ByteBuffer.allocate(5 << 20));
          });
      assertThatIOException()
          .isThrownBy(() -> late.write(target, SaveOptions.builder().maxShardBytes(1).build()))
          .withMessageContaining("No space left on device")
          .withMessageContaining("can't save to " + target);
      try (Stream<Path> files = Files.list(target)) {
        assertThat(files).containsExactly(target.resolve("model.safetensors"));
      }
      bytes.keySet().retainAll(List.of("old"));
      assertSaved(target);
    } finally {
      assertThat(SystemCommand.run("umount", disk.toString())).isZero();
    }
  }
}
