// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.simulated.CuFileChecks;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Fact;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** When cuFile's driver is opened, which can take long, and who waits for it. */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
class DriverTests {
  private static final Duration SLOW = Duration.ofMillis(1500);

  @TempDir private Path folder;
  private SimulatedCuFile cufile;
  private SampleFile file;
  private HostView host;
  private NativeBinding<Bound> binding;

  @BeforeEach
  void write() throws IOException {
    cufile = SimulatedCuFile.get();
    file = SampleFiles.write(folder.resolve("sample"), Loads.BLOCK, 1);
    host = Hosts.peerToPeer(folder.resolve("root"));
    binding = SimulatedCuFile.newBinding();
  }

  private Loads loads() {
    return new Loads(binding, host);
  }

  /** A load that is over soon. */
  private record Impatient(Deadline deadline, boolean cancelled) implements IoMonitor {
    @Override
    public LoadMemory memory() {
      return PlannedMemory.unplanned();
    }

    @Override
    public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {}

    @Override
    public void checkpoint() throws LoadCancelledException {
      if (cancelled) {
        throw new LoadCancelledException("cancelled", false);
      }
    }
  }

  @Test
  void probingDoesNotOpenTheDriver() {
    loads().backend().probe(Loads.CUDA);
    assertThat(cufile.fact(Fact.OPENS)).isZero();
  }

  @Test
  void manyLoadsOpenItOnce() throws IOException {
    loads().load(file, file.whole());
    loads().load(file, file.whole());
    assertThat(cufile.fact(Fact.OPENS)).isEqualTo(1);
  }

  @Test
  void aLoadThatEndsMeanwhileDoesNotWaitAndTheNextOneFindsItOpen() throws IOException {
    cufile.slowOpen(SLOW);
    Impatient late = new Impatient(Deadline.after(Duration.ofMillis(100)), false);
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> loads().monitor(late).load(file, file.whole()))
        .withMessage("cuFileDriverOpen did not end in time");
    assertThat(cufile.fact(Fact.OPENS)).as("still opening").isZero();
    loads().load(file, file.whole());
    assertThat(cufile.fact(Fact.OPENS)).isEqualTo(1);
  }

  @Test
  void aLoadThatIsCancelledDoesNotWait() throws IOException {
    cufile.slowOpen(SLOW);
    Impatient over = new Impatient(Deadline.after(Duration.ofMinutes(1)), true);
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> loads().monitor(over).load(file, file.whole()))
        .withMessage("cancelled");
    loads().load(file, file.whole()); // waits for the thread that opens it
  }
}
