// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.simulated.CuFileChecks;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Call;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Fact;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code gds=auto|on|off}, by the engine and with the other plug-ins, on this host with a simulated
 * cuFile: a host where reads are not peer to peer.
 */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
class PolicyTests {
  private static final int BYTES = 2 << 20;

  @TempDir private Path folder;
  private Path file;
  private final byte[] bytes = new byte[BYTES];

  /** The provider as the engine finds it looks where this says. */
  @BeforeAll
  static void nameTheLibrary() {
    SimulatedCuFile.get();
    System.setProperty(
        "io.fastsafetensors.gds.library",
        Path.of("target", "simulated", "libcufile.so.0").toAbsolutePath().toString());
  }

  @BeforeEach
  void write() throws IOException {
    Assumptions.assumeTrue(
        HostView.system().obstacle().isPresent(), "reads may be peer to peer on this host");
    file = folder.resolve("model.safetensors");
    new Random(1).nextBytes(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      new SafetensorsWriter().add("a", DType.U8, Shape.of(BYTES), data).write(file);
    }
  }

  private LoadReport load(LoadOptions.Builder options) throws LoadException {
    try (Loader loader = Loader.builder().device(Loads.CUDA).build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.load(options.build());
        Arena arena = Arena.ofShared()) {
      MemorySegment found = arena.allocate(BYTES);
      buffer.tensor("a").toHost(found);
      assertThat(found.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
      return buffer.report();
    }
  }

  private static LoadOptions.Builder gds(String use) {
    return LoadOptions.builder().property("gds", use);
  }

  private static String detail(LoadReport report) {
    return report.candidates().stream()
        .filter(candidate -> candidate.id().equals("gds"))
        .map(candidate -> candidate.detail().toString())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void autoTakesTheNextBackendIfReadsAreNotPeerToPeer() throws LoadException {
    LoadReport report = load(gds("auto"));
    assertThat(report.files().getFirst().backend()).isEqualTo("posix");
    assertThat(detail(report)).startsWith("only if asked for: compatibility mode");
    assertThat(SimulatedCuFile.get().fact(Fact.OPENS)).as("never opened for that").isZero();
  }

  @Test
  void offDoesNotEvenProbe() throws LoadException {
    LoadReport report = load(gds("off"));
    assertThat(report.files().getFirst().backend()).isEqualTo("posix");
    assertThat(detail(report)).isEqualTo("switched off: gds=off");
  }

  @Test
  void unifiedMemoryIsLeftToOthers() {
    SimulatedDriver.get().integrate(true);
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> load(gds("on")))
        .withMessageContaining("cuda:0 has unified memory, read without GPUDirect");
  }

  @Test
  void onTakesCompatibilityModeAndSaysSo() throws LoadException {
    for (LoadOptions.Builder options : List.of(gds("on"), LoadOptions.builder().backend("gds"))) {
      LoadReport report = load(options);
      assertThat(report.files().getFirst().backend()).isEqualTo("gds");
      assertThat(report.files().getFirst().bytesByPath()).containsKey(TransferPath.DIRECT);
      assertThat(report.files().getFirst().reason().toString())
          .contains(
              "compatibility mode, by the host: " + HostView.system().obstacle().orElseThrow());
    }
  }

  @Test
  void onFailsHardWithTheReasonWhereThereIsNeither() {
    SimulatedCuFile.get().fail(Call.HANDLE, 1, 5008);
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> load(gds("on")))
        .withMessageContaining("no other backend is left")
        .withMessageContaining("cuFileHandleRegister: CU_FILE_IO_NOT_SUPPORTED (5008)");
  }
}
