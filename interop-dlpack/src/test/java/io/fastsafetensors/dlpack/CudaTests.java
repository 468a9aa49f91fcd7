// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tensors of a GPU, on a driver that is simulated unless there is a real one. */
@ExtendWith(DriverChecks.class)
class CudaTests {
  @TempDir private Path folder;

  @Test
  void deviceMemoryGoesAsItIs() throws IOException {
    Path file = folder.resolve("w.safetensors");
    new SafetensorsWriter()
        .add("w", DType.I32, Shape.of(3), MemorySegment.ofArray(new int[] {1, 2, 3}))
        .write(file);
    Capsule capsule;
    Capsule copy;
    long address;
    try (Loader loader = Loader.builder().device(Device.cuda(0)).build();
        FileBuffer buffer = load(loader, file)) {
      Tensor tensor = buffer.tensor("w");
      address = tensor.address();
      capsule = DLPack.export(tensor);
      copy = DLPack.export(tensor, ExportOptions.builder().copy(CopyMode.ALWAYS).build());
    }
    NativeConsumer taken = NativeConsumer.take(capsule);
    assertThat(taken.tensor("data")).isEqualTo(address);
    assertThat(taken.tensor("device_type")).isEqualTo(2);
    assertThat(taken.tensor("device_id")).isZero();
    assertThat(taken.get("flags")).isZero();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> DLPack.take("dltensor_versioned", taken.address()))
        .withMessageContaining("of type 2, number 0");
    taken.deleteOnForeignThread(); // the driver checks that nothing is left

    assertThat(copy.isCopied()).isTrue();
    NativeConsumer copied = NativeConsumer.take(copy);
    assertThat(copied.tensor("device_type")).isEqualTo(2);
    assertThat(copied.tensor("data")).isNotEqualTo(address);
    copied.delete();
  }

  private static FileBuffer load(Loader loader, Path file) throws IOException {
    return loader.addFiles(0, List.of(file)).load(LoadOptions.builder().writable(true).build());
  }
}
