// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Fault;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each thing that the driver can refuse, refused in turn during a load: nothing stays behind. */
@ExtendWith(DriverChecks.class)
class FailureTests {
  private static final int MANY = 1000;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = Checkpoint.write(folder);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void eachFailureIsAnErrorAndLeavesNothing(Fault kind) {
    SimulatedDriver driver = SimulatedDriver.get();
    int failed = 0;
    for (int nth = 1; nth < MANY; nth++) {
      driver.fail(kind, nth);
      boolean refused = isRefused();
      boolean happened = !driver.isToFail(kind);
      driver.fail(kind, 0);
      assertThat(driver.alive()).as("left after %s %d failed", kind, nth).isEmpty();
      if (!happened) {
        break; // the load has fewer of them
      }
      failed += refused ? 1 : 0;
    }
    assertThat(failed).as("how many failures of %s were errors", kind).isGreaterThan(1);
  }

  /** Blocks so small that each buffer of the ring is used again and again. */
  private boolean isRefused() {
    LoadOptions options =
        LoadOptions.builder()
            .dtype(DType.BF16)
            .filter("weights", "bias")
            .threads(2)
            .blockBytes(4096)
            .build();
    try (Loader loader = Loader.builder().device(new Device("cuda", 0)).build()) {
      loader.addFiles(0, List.of(file));
      try (FileBuffer buffer = loader.load(options);
          Tensor copy = buffer.tensor("weights").to(DType.F32)) {
        LoadTests.bytes(copy);
        return false;
      }
    } catch (LoadException e) {
      assertThat(e).hasMessageContaining("CUDA_ERROR_");
      return true;
    }
  }
}
