// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Groups of threads keep the rules with each rank's data on a GPU, of its own as far as there are.
 */
@Tag("slow")
@ExtendWith(DriverChecks.class)
class LocalGroupOnCudaContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    List<Transport> all = Transports.local(size, timeout);
    return all::get;
  }

  @Override
  public Device device(int rank) {
    try {
      return new Device("cuda", rank % new CudaRuntime().devices().size());
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }
}
