// SPDX-License-Identifier: Apache-2.0
/**
 * Process groups over NVIDIA's NCCL, by JavaCPP's presets.
 *
 * <p>Needs {@code --enable-native-access=org.bytedeco.javacpp,org.bytedeco.cuda}. NCCL itself and
 * the CUDA runtime are the user's; see {@code library}.
 *
 * @provides io.fastsafetensors.spi.Collective
 */
module io.fastsafetensors.collective.nccl {
  requires io.fastsafetensors;
  requires org.bytedeco.cuda;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.Collective with
      io.fastsafetensors.collective.nccl.NcclCollective;
}
