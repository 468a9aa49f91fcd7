// SPDX-License-Identifier: Apache-2.0
/**
 * Loads safetensors files into CPU or GPU memory: the API for users, the interfaces for plug-ins,
 * and the engine.
 *
 * @uses io.fastsafetensors.spi.DeviceRuntime
 * @uses io.fastsafetensors.spi.IoBackend
 * @uses io.fastsafetensors.spi.Collective
 */
module io.fastsafetensors {
  requires com.fasterxml.jackson.core;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports io.fastsafetensors;
  exports io.fastsafetensors.spi;

  uses io.fastsafetensors.spi.Collective;
  uses io.fastsafetensors.spi.DeviceRuntime;
  uses io.fastsafetensors.spi.IoBackend;
}
