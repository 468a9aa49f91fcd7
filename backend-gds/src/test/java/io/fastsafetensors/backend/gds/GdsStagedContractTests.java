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
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The backend keeps the rules where ranges are too small for cuFile. */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
final class GdsStagedContractTests extends IoBackendContract {
  @TempDir private static Path root;
  private static NativeBinding<Bound> binding;

  @BeforeAll
  static void bind() {
    binding = SimulatedCuFile.newBinding();
  }

  @Override
  public IoBackend backend() {
    return new GdsIoBackend(binding, Hosts.peerToPeer(root), 1L << 40);
  }

  @Override
  public Device device() {
    return new Device("cuda", 0);
  }

  @Override
  @Test
  public void required_io122_directReadsPassTheCache() {
    Assumptions.abort("what is too small for cuFile comes by way of the page cache");
  }
}
