// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.testkit.sim.SimDevices;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values, buffers and retained handles of tensors from real files, by each way and device. */
class TensorsOfFilesTests {
  private static final int COUNT = 1_500_000;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    float[] numbers = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = i;
    }
    file = folder.resolve("numbers.safetensors");
    new SafetensorsWriter()
        .add("w", DType.F32, Shape.of(COUNT / 3, 3), MemorySegment.ofArray(numbers))
        .add("mask", DType.BOOL, Shape.of(3), MemorySegment.ofArray(new byte[] {1, 0, 1}))
        .write(file);
  }

  private FileBuffer load(Loader loader, String backend, AccessPath path) throws IOException {
    loader.addFiles(0, List.of(file));
    return loader.load(LoadOptions.builder().backend(backend).path(path).build());
  }

  private static void check(Tensor tensor) throws IOException {
    float[] values = tensor.toFloatArray();
    assertThat(values).hasSize(COUNT);
    assertThat(values[COUNT - 1]).isEqualTo(COUNT - 1);
    assertThat(tensor.getFloat(7, 1)).isEqualTo(22);
    assertThat(tensor.asByteBuffer(88, 4).getFloat()).isEqualTo(22);
    assertThat(tensor)
        .hasToString(
            """
            tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00],
                    [3.0000e+00, 4.0000e+00, 5.0000e+00],
                    [6.0000e+00, 7.0000e+00, 8.0000e+00],
                    ...,
                    [1.5000e+06, 1.5000e+06, 1.5000e+06],
                    [1.5000e+06, 1.5000e+06, 1.5000e+06],
                    [1.5000e+06, 1.5000e+06, 1.5000e+06]], name='w', dtype=F32, shape=[500000, 3],\
             device=%s)\
            """
                .formatted(tensor.device()));
  }

  @ParameterizedTest
  @CsvSource({"cpu,MAPPED", "cpu,COPIED", "posix,MAPPED", "posix,COPIED"})
  void whatIsMappedIsNotWritable(String backend, AccessPath path) throws IOException {
    Assumptions.assumeTrue(
        backend.equals("cpu") || System.getProperty("os.name").equals("Linux"),
        "posix is for Linux only");
    try (Loader loader = Loader.builder().build();
        FileBuffer buffer = load(loader, backend, path)) {
      assertThat(buffer.toString()).matches("FileBuffer on cpu .tensors: 2, bytes: 6000[0-9]{3}.");
      Tensor tensor = buffer.tensor("w");
      check(tensor);
      boolean mapped = path == AccessPath.MAPPED;
      assertThat(tensor.isWritable()).isEqualTo(!mapped);
      assertThat(tensor.host().orElseThrow().isReadOnly()).isEqualTo(mapped);
      ByteBuffer window = tensor.asByteBuffer();
      if (mapped) {
        assertThatExceptionOfType(ReadOnlyBufferException.class)
            .isThrownBy(() -> window.putFloat(0, 5));
      } else {
        window.putFloat(0, 5);
        assertThat(tensor.getFloat(0, 0)).isEqualTo(5);
      }
      try (Tensor copy = tensor.copy();
          Tensor kept = tensor.retain()) {
        assertThat(copy.isWritable()).isTrue();
        assertThat(kept.isWritable()).isEqualTo(!mapped);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "posix"})
  void aRetainedTensorKeepsItsMapping(String backend) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux"), "other systems don't list mappings");
    Tensor view;
    Tensor kept;
    try (Loader loader = Loader.builder().build();
        FileBuffer buffer = load(loader, backend, AccessPath.MAPPED)) {
      view = buffer.tensor("w");
      kept = view.retain();
    }
    assertThat(mappings()).isPositive();
    check(kept);
    assertThatIllegalStateException().isThrownBy(view::toFloatArray);
    MemorySegment segment = kept.host().orElseThrow();
    kept.close();
    assertThat(mappings()).isZero();
    assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
    assertThat(kept.toString()).startsWith("tensor(<it is closed>, name='w'");
  }

  private long mappings() throws IOException {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.endsWith(file.toString())).count();
    }
  }

  @Test
  void aDevicesTensorsHaveTheSameValues() throws IOException {
    long before = SimDevices.shared().get(0).usage().bytes();
    Tensor kept;
    try (Loader loader = Loader.builder().device(Device.parse("sim:0")).build();
        FileBuffer buffer = load(loader, "sim", AccessPath.AUTO)) {
      Tensor tensor = buffer.tensor("w");
      assertThat(tensor.host()).isEmpty();
      assertThat(tensor.isWritable()).isTrue();
      check(tensor);
      assertThat(buffer.tensor("mask").toBooleanArray()).containsExactly(true, false, true);
      kept = tensor.retain();
    }
    check(kept);
    assertThat(SimDevices.shared().get(0).usage().bytes()).isGreaterThan(before);
    kept.close();
    assertThat(SimDevices.shared().get(0).usage().bytes()).isEqualTo(before);
    assertThat(kept.toString()).endsWith("device=sim:0)");
  }
}
