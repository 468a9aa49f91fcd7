// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.sim.SimBackend;
import io.fastsafetensors.testkit.sim.SimRuntime;

/** The small backend for simulated devices keeps the rules. */
final class SimBackendContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return new SimBackend();
  }

  @Override
  public DeviceRuntime runtime() {
    return new SimRuntime();
  }
}
