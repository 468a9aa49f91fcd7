// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.gds.cufile.Binding;
import io.fastsafetensors.backend.gds.host.Host;
import io.fastsafetensors.device.cuda.simulated.SilentMonitor;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.IoBackendContract;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/**
 * The backend keeps the rules with this host's own cuFile and GPU, in compatibility mode too. Needs
 * the environment variable {@code FST_CUDA_DRIVER=real}.
 */
final class GdsOnThisHostContractTests extends IoBackendContract {
  /** Opens the driver before the first test: its threads and descriptors stay. */
  @BeforeAll
  static void openTheDriver() throws LoadException {
    Assumptions.assumeTrue(
        SimulatedDriver.isReal(), "needs a GPU and libcufile: set FST_CUDA_DRIVER=real");
    if (Binding.get() instanceof Binding.Bound bound) {
      bound.driver().open(new SilentMonitor());
    }
  }

  /** The backend, with cuFile reading every whole page. */
  @Override
  public IoBackend backend() {
    return new GdsIoBackend(Binding::get, Host.system(), 0);
  }

  @Override
  public Map<String, String> properties() {
    return Map.of("gds", "on");
  }

  @Override
  public Provider provider() {
    return new GdsIoBackend();
  }

  @Override
  public Device device() {
    return new Device("cuda", 0);
  }
}
