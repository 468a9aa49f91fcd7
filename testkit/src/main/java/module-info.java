// SPDX-License-Identifier: Apache-2.0
/**
 * For authors of plug-ins: contract tests that certify a device runtime, a backend or a collective,
 * and a simulated device to try them on.
 *
 * @provides io.fastsafetensors.spi.DeviceRuntime
 * @provides io.fastsafetensors.spi.IoBackend
 */
module io.fastsafetensors.testkit {
  requires transitive io.fastsafetensors;
  requires transitive org.junit.jupiter.api;
  requires static org.jspecify;

  exports io.fastsafetensors.testkit;
  exports io.fastsafetensors.testkit.sim;

  provides io.fastsafetensors.spi.DeviceRuntime with
      io.fastsafetensors.testkit.sim.SimRuntime;
  provides io.fastsafetensors.spi.IoBackend with
      io.fastsafetensors.testkit.sim.SimBackend;
}
