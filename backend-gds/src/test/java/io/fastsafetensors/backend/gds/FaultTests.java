// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.simulated.CuFileChecks;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Call;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Fact;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver.Fault;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each thing that can fail, failing in turn: the right error, and nothing stays behind. */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
class FaultTests {
  private static final int HEADER = 104;
  private static final int BLOCKS = 6;

  @TempDir private Path folder;
  private SampleFile file;
  private SimulatedCuFile cufile;

  @BeforeEach
  void write() throws IOException {
    file = SampleFiles.write(folder.resolve("sample"), HEADER + BLOCKS * Loads.BLOCK, 1);
    cufile = SimulatedCuFile.get();
  }

  private Loads loads(NativeBinding<Bound> binding) {
    return new Loads(binding, Hosts.peerToPeer(folder.resolve("root")));
  }

  /** Straight: the whole file; or by way of scratch memory: without its header. */
  private TransferStats load(boolean straight) throws LoadException {
    return loads(SimulatedCuFile.newBinding())
        .load(file, straight ? file.whole() : file.plan(new ByteRange(HEADER, file.bytes())));
  }

  @ParameterizedTest
  @CsvSource({
    "OPEN, 5004, cuFileDriverOpen: CU_FILE_DRIVER_VERSION_MISMATCH (5004)",
    "OPEN, 5010, cuFileDriverOpen: CU_FILE_NVFS_DRIVER_ERROR (5010)",
    "PROPERTIES, 5001, cuFileDriverGetProperties: CU_FILE_DRIVER_NOT_INITIALIZED (5001)",
    "HANDLE, 5008, cuFileHandleRegister: CU_FILE_IO_NOT_SUPPORTED (5008)",
    "HANDLE, 5018, cuFileHandleRegister: CU_FILE_INVALID_FILE_TYPE (5018)",
    "HANDLE, 5027, 'cuFileHandleRegister: CU_FILE_HANDLE_NOT_REGISTERED (5027): cuFile reads in"
        + " /run/'",
    "HANDLE, 5030, 'cuFileHandleRegister: CU_FILE_INTERNAL_ERROR (5030): cuFile reads in"
        + " /run/udev'",
    "READ, 5008, cuFileRead: CU_FILE_IO_NOT_SUPPORTED (5008)",
    "READ, 5009, cuFileRead: CU_FILE_DEVICE_NOT_SUPPORTED (5009)",
    "READ, 95, cuFileRead: EOPNOTSUPP (95)",
  })
  void whatIsNotSupportedIsLeftToTheNextBackend(Call call, int code, String message) {
    cufile.fail(call, 1, code);
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> load(true))
        .withMessageContaining(file.path() + ": " + message);
    assertThat(cufile.isToFail(call)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "HANDLE, 5011, 'cuFileHandleRegister: CU_FILE_CUDA_DRIVER_ERROR (5011), CUDA_ERROR_UNKNOWN'",
    "HANDLE, 5031, cuFileHandleRegister: CU_FILE_GETNEWFD_FAILED (5031)",
    "READ, 5, cuFileRead: EIO (5)",
    "READ, 5010, cuFileRead: CU_FILE_NVFS_DRIVER_ERROR (5010)",
    "READ, 5030, cuFileRead: CU_FILE_INTERNAL_ERROR (5030)",
    "READ, 5999, cuFileRead: cuFile's code 5999",
    "SHORT_READ, 1, short read: 65535 bytes",
  })
  void whatWentWrongIsAnError(Call call, int code, String message) {
    cufile.fail(call, 1, code);
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> load(true))
        .withMessageContaining(file.path() + ": " + message)
        .isNotInstanceOf(UnsupportedTransferException.class);
    assertThat(cufile.isToFail(call)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eachReadThatFailsEndsTheLoad(boolean straight) throws IOException {
    int failed = 0;
    for (int nth = 1; nth < 100; nth++) {
      cufile.fail(Call.READ, nth, 5);
      try {
        load(straight);
        assertThat(cufile.isToFail(Call.READ)).isTrue();
        break;
      } catch (TransferException e) {
        assertThat(e).hasMessageContaining("EIO").hasMessageContaining("65536 bytes at ");
        failed++;
      }
      assertThat(cufile.fact(Fact.LIVE_HANDLES) + cufile.fact(Fact.LIVE_WINDOWS)).isZero();
    }
    assertThat(failed).isGreaterThanOrEqualTo(BLOCKS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusedRegistrationIsDoneWithout(boolean straight) throws IOException {
    cufile.fail(Call.REGISTER, 2, 5036);
    assertThat(load(straight).reason().toString())
        .contains("cuFileBufRegister: CU_FILE_GPU_MEMORY_PINNING_FAILED (5036)");
  }

  @Test
  void refusedDeregistrationDoesNotLoseData() throws IOException {
    cufile.fail(Call.DEREGISTER, 1, 5030);
    load(true);
    assertThat(cufile.isToFail(Call.DEREGISTER)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void eachFailureOfTheDeviceIsAnErrorOrDoneWithout(Fault kind) {
    SimulatedDriver driver = SimulatedDriver.get();
    int failed = 0;
    for (int nth = 1; nth < 100; nth++) {
      driver.fail(kind, nth);
      boolean refused = isRefused();
      boolean happened = !driver.isToFail(kind);
      driver.fail(kind, 0);
      assertThat(driver.alive()).as("left after %s %d failed", kind, nth).isEmpty();
      assertThat(cufile.fact(Fact.LIVE_HANDLES) + cufile.fact(Fact.LIVE_WINDOWS)).isZero();
      failed += refused ? 1 : 0;
      if (!happened) {
        break;
      }
    }
    assertThat(failed).as("how many failures of %s were errors", kind).isPositive();
  }

  private boolean isRefused() {
    try {
      load(false);
      return false;
    } catch (LoadException e) {
      return true;
    }
  }

  @Test
  void withoutMemoryForScratchThePinnedPathServes() throws IOException {
    SimulatedDriver.get().fail(Fault.ALLOCATION, 2); // the first is the file's own
    TransferStats stats =
        loads(SimulatedCuFile.newBinding())
            .threads(1)
            .load(file, file.plan(new ByteRange(HEADER, file.bytes())));
    assertThat(stats.reason().toString()).startsWith(file.bytes() + " bytes staged");
  }

  @Test
  void aDriverThatDidNotOpenIsNotTriedAgain() throws IOException {
    NativeBinding<Bound> binding = SimulatedCuFile.newBinding();
    cufile.fail(Call.OPEN, 1, 5007);
    for (int i = 0; i < 2; i++) {
      assertThatExceptionOfType(UnsupportedTransferException.class)
          .isThrownBy(() -> loads(binding).load(file, file.whole()))
          .withMessageContaining("CU_FILE_PLATFORM_NOT_SUPPORTED (5007)");
    }
    assertThat(cufile.fact(Fact.OPENS)).isEqualTo(1);
    assertThat(loads(binding).backend().probe(Loads.CUDA).toString())
        .contains("unavailable", "CU_FILE_PLATFORM_NOT_SUPPORTED");
  }
}
