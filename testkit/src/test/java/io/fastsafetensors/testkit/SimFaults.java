// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.testkit.sim.SimDevice;

/** Breaks a simulated device. */
public record SimFaults(SimDevice device) implements DeviceRules.Faults {
  @Override
  public void failNextOperation() {
    device.failOperation(1);
  }

  @Override
  public void stall(boolean still) {
    device.stall(still);
  }
}
