// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What users do with tensors on a GPU, against the same on the CPU. */
@ExtendWith(DriverChecks.class)
class LoadTests {
  static final Device CUDA = new Device("cuda", 0);

  @TempDir Path folder;
  Path file;

  @BeforeEach
  void write() throws IOException {
    file = Checkpoint.write(folder);
  }

  private static boolean isHostVisible() throws LoadException {
    try (DeviceContext context = new CudaRuntime().open(CUDA)) {
      return context.isHostVisible();
    }
  }

  Loader loader(Device device) {
    return Loader.builder().device(device).build().addFiles(0, List.of(file));
  }

  static byte[] bytes(Tensor tensor) throws LoadException {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.toHost(MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void tensorsHaveTheFilesBytes() throws LoadException {
    try (Loader gpu = loader(CUDA);
        Loader cpu = loader(Device.CPU);
        FileBuffer onGpu = gpu.load();
        FileBuffer onCpu = cpu.load()) {
      for (String name : onCpu.keys()) {
        assertThat(bytes(onGpu.tensor(name))).as(name).isEqualTo(bytes(onCpu.tensor(name)));
      }
    }
  }

  @Test
  void tensorsAreAlignedForFullWidthAndSeenByTheHostIfMemoryIsUnified() throws LoadException {
    try (Loader gpu = loader(CUDA);
        FileBuffer buffer = gpu.load()) {
      Tensor weights = buffer.tensor("weights");
      assertThat(weights.device()).isEqualTo(CUDA);
      assertThat(weights.host().isPresent()).isEqualTo(isHostVisible());
      assertThat(weights.address()).isPositive();
      assertThat(weights.address() % 256).isZero();
      assertThat(buffer.tensor("bias").address() % 256).isZero();
    }
  }

  @Test
  void jcudaReadsTheAddress() throws LoadException {
    try (Loader gpu = loader(CUDA);
        FileBuffer buffer = gpu.load()) {
      Tensor weights = buffer.tensor("weights"); // getting an address attaches this thread, too
      CUdeviceptr pointer = new CUdeviceptr().withByteOffset(weights.address());
      byte[] found = new byte[Math.toIntExact(weights.byteSize())];
      assertThat(JCudaDriver.cuMemcpyDtoH(Pointer.to(found), pointer, found.length)).isZero();
      assertThat(found).isEqualTo(bytes(weights));
    }
  }

  @Test
  void copiesOutliveTheLoaderAndViewsDoNot() throws LoadException {
    Tensor view;
    Tensor copy;
    byte[] wanted;
    try (Loader gpu = loader(CUDA);
        FileBuffer buffer = gpu.load()) {
      view = buffer.tensor("weights");
      wanted = bytes(view);
      copy = view.copy();
    }
    try (copy) {
      assertThat(bytes(copy)).isEqualTo(wanted);
    }
    assertThatIllegalStateException().isThrownBy(view::address);
    assertThatIllegalStateException().isThrownBy(copy::address);
  }

  @Test
  void toConvertsAsOnTheCpu() throws LoadException {
    try (Loader gpu = loader(CUDA);
        Loader cpu = loader(Device.CPU);
        FileBuffer onGpu = gpu.load();
        FileBuffer onCpu = cpu.load();
        Tensor larger = onGpu.tensor("weights").to(DType.F32);
        Tensor wanted = onCpu.tensor("weights").to(DType.F32)) {
      assertThat(bytes(larger)).isEqualTo(bytes(wanted));
    }
  }

  @Test
  void loadsConvertAsOnTheCpu() throws LoadException {
    LoadOptions options = LoadOptions.builder().dtype(DType.F16).filter("weights", "bias").build();
    try (Loader gpu = loader(CUDA);
        Loader cpu = loader(Device.CPU);
        FileBuffer onGpu = gpu.load(options);
        FileBuffer onCpu = cpu.load(options)) {
      for (String name : onCpu.keys()) {
        assertThat(onGpu.tensor(name).dtype()).isEqualTo(DType.F16);
        assertThat(bytes(onGpu.tensor(name))).as(name).isEqualTo(bytes(onCpu.tensor(name)));
      }
    }
  }

  @Test
  void toHostWritesMemoryOfAnyKind() throws LoadException {
    try (Loader gpu = loader(CUDA);
        FileBuffer buffer = gpu.load();
        Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      Tensor bias = buffer.tensor("bias");
      MemorySegment one = shared.allocate(bias.byteSize());
      MemorySegment other = confined.allocate(bias.byteSize());
      bias.toHost(one);
      bias.toHost(other);
      assertThat(one.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(bias));
      assertThat(other.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(bias));
    }
  }

  @Test
  void tooSmallABudgetSaysWhatIsNeededAndFree() {
    LoadOptions options = LoadOptions.builder().memoryBudget(1000).build();
    try (Loader gpu = loader(CUDA)) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> gpu.load(options).close())
          .withMessageContainingAll("cuda:0", "needed", "free 1000 bytes");
    }
  }

  @Test
  void aDeviceThatIsNotThereIsNamed() {
    try (Loader gpu = loader(new Device("cuda", 77))) {
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> gpu.load().close())
          .withMessageContainingAll("cuda:77", "cuda:0 to");
    }
  }
}
