// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.simulated.Backends;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The staging ring of {@code posix} keeps the rules into a GPU's memory. */
@ExtendWith(DriverChecks.class)
class PosixBackendOnCudaContractTests extends IoBackendContract {
  @Override
  public IoBackend backend() {
    return Backends.posix();
  }

  @Override
  public Device device() {
    return new Device("cuda", 0);
  }
}
