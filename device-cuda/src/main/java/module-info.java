// SPDX-License-Identifier: Apache-2.0
/**
 * Memory of NVIDIA GPUs: the devices {@code cuda:N}, by the CUDA driver alone, without a toolkit.
 *
 * <p>Needs {@code --enable-native-access=jcuda,io.fastsafetensors.device.cuda}.
 *
 * @provides io.fastsafetensors.spi.DeviceRuntime
 */
@SuppressWarnings("requires-automatic") // JCuda has no descriptor
module io.fastsafetensors.device.cuda {
  requires io.fastsafetensors;
  requires java.logging; // of JCuda, which can't say so
  requires jcuda;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.DeviceRuntime with
      io.fastsafetensors.device.cuda.CudaRuntime;
}
