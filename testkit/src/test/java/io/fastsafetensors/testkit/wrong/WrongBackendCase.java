// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;
import io.fastsafetensors.testkit.TestkitEnvironment;
import io.fastsafetensors.testkit.sim.SimDevices;

/** The contract as {@link WrongBackendsTests} runs it: on a backend that it chooses. */
final class WrongBackendCase extends IoBackendContract {
  private static volatile IoBackend tried = new ForwardingBackend();

  private final DeviceRuntime runtime = new SimDevices(1, 1L << 30).runtime();

  static Verdict verdict(IoBackend backend) {
    tried = backend;
    return Verdict.of(WrongBackendCase.class);
  }

  @Override
  public IoBackend backend() {
    return tried;
  }

  @Override
  public Device device() {
    return Device.parse("sim:0");
  }

  @Override
  public DeviceRuntime runtime() {
    return runtime;
  }

  @Override
  public boolean published() {
    return tried instanceof UnlistedBackend;
  }

  @Override
  public TestkitEnvironment environment() {
    return Wrong.environment();
  }
}
