// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.sim.SimBackend;

/** The small backend for simulated devices keeps the rules. */
final class SimBackendContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return new SimBackend();
  }

  @Override
  public Device device() {
    return Device.parse("sim:0");
  }
}
