// SPDX-License-Identifier: Apache-2.0
/**
 * The fastsafetensors API: {@code io.fastsafetensors} for programs, {@code
 * io.fastsafetensors.format} for the file format alone, {@code io.fastsafetensors.spi} for
 * plug-ins, {@code io.fastsafetensors.toolkit} for those who write them.
 *
 * @uses io.fastsafetensors.Engine
 * @provides io.fastsafetensors.Engine
 * @uses io.fastsafetensors.spi.DeviceRuntime
 * @uses io.fastsafetensors.spi.IoBackend
 * @uses io.fastsafetensors.spi.Collective
 */
module io.fastsafetensors {
  requires com.fasterxml.jackson.core;
  requires jdk.unsupported;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports io.fastsafetensors;
  exports io.fastsafetensors.format;
  exports io.fastsafetensors.spi;
  exports io.fastsafetensors.toolkit.device;
  exports io.fastsafetensors.toolkit.group;
  exports io.fastsafetensors.toolkit.host;
  exports io.fastsafetensors.toolkit.io;
  exports io.fastsafetensors.toolkit.plugin;
  exports io.fastsafetensors.toolkit.text;

  uses io.fastsafetensors.Engine;
  uses io.fastsafetensors.spi.Collective;
  uses io.fastsafetensors.spi.DeviceRuntime;
  uses io.fastsafetensors.spi.IoBackend;

  provides io.fastsafetensors.Engine with
      io.fastsafetensors.internal.engine.DefaultEngine;
}
