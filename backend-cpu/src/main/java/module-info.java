// SPDX-License-Identifier: Apache-2.0
/**
 * The portable reader into host memory; nothing native. The plug-in to read first when writing one.
 *
 * @provides io.fastsafetensors.spi.IoBackend
 */
module io.fastsafetensors.backend.cpu {
  requires io.fastsafetensors;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.IoBackend with
      io.fastsafetensors.backend.cpu.CpuIoBackend;
}
