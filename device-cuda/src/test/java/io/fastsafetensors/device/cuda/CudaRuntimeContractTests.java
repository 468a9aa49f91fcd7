// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedFaults;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtendWith;

/** The runtime keeps the rules, on the simulated driver or a real one. */
@ExtendWith(DriverChecks.class)
class CudaRuntimeContractTests extends DeviceRuntimeContract {
  @Override
  public DeviceRuntime runtime() {
    return new CudaRuntime();
  }

  @Override
  public Optional<Faults> faults() {
    return SimulatedDriver.isReal() ? Optional.empty() : Optional.of(new SimulatedFaults());
  }
}
