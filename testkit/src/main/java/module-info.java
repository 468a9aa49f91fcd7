// SPDX-License-Identifier: Apache-2.0
/**
 * For authors of plug-ins: contract tests that certify a device runtime, a backend or a collective,
 * a simulated device to try them on, and a program that certifies every plug-in that it finds.
 *
 * @uses io.fastsafetensors.spi.DeviceRuntime
 * @uses io.fastsafetensors.spi.IoBackend
 * @uses io.fastsafetensors.spi.Collective
 * @provides io.fastsafetensors.spi.DeviceRuntime
 * @provides io.fastsafetensors.spi.IoBackend
 */
module io.fastsafetensors.testkit {
  requires transitive io.fastsafetensors;
  requires transitive org.junit.jupiter.api;
  requires java.xml;
  requires jdk.unsupported;
  requires org.junit.platform.launcher;
  requires static org.jspecify;

  exports io.fastsafetensors.testkit;
  exports io.fastsafetensors.testkit.sim;

  // JUnit makes the contracts of plug-ins that were found.
  opens io.fastsafetensors.testkit.certify to
      org.junit.platform.commons;

  uses io.fastsafetensors.spi.Collective;
  uses io.fastsafetensors.spi.DeviceRuntime;
  uses io.fastsafetensors.spi.IoBackend;

  provides io.fastsafetensors.spi.DeviceRuntime with
      io.fastsafetensors.testkit.sim.SimRuntime;
  provides io.fastsafetensors.spi.IoBackend with
      io.fastsafetensors.testkit.sim.SimBackend;
}
