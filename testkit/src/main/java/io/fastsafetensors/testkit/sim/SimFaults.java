// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.testkit.DeviceRules;

/**
 * Breaks a simulated device, for the rules of devices that fail.
 *
 * @param device the device
 * @since 0.1
 */
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
