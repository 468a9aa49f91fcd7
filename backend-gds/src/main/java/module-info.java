// SPDX-License-Identifier: Apache-2.0
/**
 * ReadCuts safetensors files from storage straight into the memory of NVIDIA GPUs, by GPUDirect
 * Storage (cuFile).
 *
 * <p>Needs {@code --enable-native-access=io.fastsafetensors.backend.gds}.
 *
 * @provides io.fastsafetensors.spi.IoBackend
 */
module io.fastsafetensors.backend.gds {
  requires io.fastsafetensors;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.IoBackend with
      io.fastsafetensors.backend.gds.GdsIoBackend;
}
