// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.testkit.CollectiveProviderContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The provider keeps the rules, where the simulated NCCL is. */
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class NcclProviderContractTests extends CollectiveProviderContract {
  @Override
  public Collective collective() {
    return new NcclCollective();
  }

  @Override
  public Device device() {
    return new Device("cuda", 0);
  }
}
