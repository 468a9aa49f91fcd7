// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimFaults;
import java.util.Optional;

/** The simulated device keeps the rules. */
final class SimRuntimeContractTests extends DeviceRuntimeContract {
  private final SimDevices devices = new SimDevices(2, 8L << 30);

  @Override
  public DeviceRuntime runtime() {
    return devices.runtime();
  }

  @Override
  public Optional<Faults> faults() {
    return Optional.of(new SimFaults(devices.get(0)));
  }
}
