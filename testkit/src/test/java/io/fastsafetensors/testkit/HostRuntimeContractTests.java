// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.toolkit.plugin.Runtimes;

/** The built-in runtime of the CPU keeps the rules. */
final class HostRuntimeContractTests extends DeviceRuntimeContract {
  @Override
  public DeviceRuntime runtime() {
    try {
      return Runtimes.of(Device.CPU);
    } catch (BackendUnavailableException e) {
      throw new AssertionError("it is built in", e);
    }
  }

  @Override
  public boolean published() {
    return false; // the registry makes it
  }
}
