// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.Device;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.testkit.CollectiveContract;
import java.time.Duration;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Groups over the simulated NCCL keep the rules: the ranks are threads of one JVM, each with a
 * simulated GPU of its own.
 */
@ExtendWith({DriverChecks.class, NcclChecks.class})
final class NcclGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    int port = Configs.freePort();
    return rank ->
        ProcessGroup.join(Configs.config(rank, size, port, timeout), new NcclCollective());
  }

  @Override
  public Device device(int rank) {
    return new Device("cuda", rank);
  }
}
