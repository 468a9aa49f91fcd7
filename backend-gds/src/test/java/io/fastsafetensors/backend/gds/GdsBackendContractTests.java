// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.simulated.CuFileChecks;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.IoBackendContract;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The backend keeps the rules where cuFile reads every whole page, on the simulation. */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
final class GdsBackendContractTests extends IoBackendContract {
  @TempDir private static Path root;
  private static NativeBinding<Bound> binding;

  @BeforeAll
  static void bind() {
    binding = SimulatedCuFile.newBinding();
  }

  @Override
  public IoBackend backend() {
    return new GdsIoBackend(binding, Hosts.peerToPeer(root), 0);
  }

  @Override
  public Device device() {
    return new Device("cuda", 0);
  }
}
