// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Fault;
import io.fastsafetensors.testkit.DeviceRules;

/** Breaks simulated devices. */
public final class SimulatedFaults implements DeviceRules.Faults {
  @Override
  public void failNextOperation() {
    SimulatedDriver.get().fail(Fault.OPERATION, 1);
  }

  @Override
  public void stall(boolean still) {
    SimulatedDriver.get().stall(still);
  }
}
