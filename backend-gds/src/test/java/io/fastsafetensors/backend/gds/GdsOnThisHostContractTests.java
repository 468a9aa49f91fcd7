// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.gds.cufile.CuFile;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.cufile.CuFileException;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.device.cuda.simulated.SilentMonitor;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.IoBackendContract;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/**
 * The backend keeps the rules with this host's own cuFile and GPU, in compatibility mode too. Needs
 * the environment variable {@code FST_CUDA_DRIVER=real}.
 */
@Tag("gpu")
final class GdsOnThisHostContractTests extends IoBackendContract {
  private static final Device GPU = new Device("cuda", 0);

  /** Opens the driver before the first test: its threads and descriptors stay. */
  @BeforeAll
  static void openTheDriver() throws LoadException, IOException {
    Assumptions.assumeTrue(
        SimulatedDriver.isReal(), "needs a GPU and libcufile: set FST_CUDA_DRIVER=real");
    try {
      Bound bound = CuFileBinding.SYSTEM.get();
      bound.driver().open(new SilentMonitor());
      try (DeviceContext context = Runtimes.of(GPU).open(GPU)) {
        context.attach();
        assumeItKnowsFiles(bound.cufile());
      }
    } catch (LoadException e) {
      Assumptions.abort(e.getMessage());
    }
  }

  /** Without udev's database, as in many containers, cuFile refuses every file. */
  private static void assumeItKnowsFiles(CuFile cufile) throws IOException {
    Path file = Files.createTempFile("fst-", ".bin");
    try {
      int descriptor = cufile.open(file, false);
      try {
        cufile.deregisterHandle(cufile.registerHandle(descriptor));
      } catch (CuFileException e) {
        Assumptions.abort(e.getMessage());
      } finally {
        cufile.close(descriptor);
      }
    } finally {
      Files.delete(file);
    }
  }

  /** The backend, with cuFile reading every whole page. */
  @Override
  public IoBackend backend() {
    return new GdsIoBackend(CuFileBinding.SYSTEM, HostView.system(), 0);
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
    return GPU;
  }
}
