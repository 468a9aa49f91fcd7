// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.host.Storage;
import io.fastsafetensors.backend.gds.simulated.CuFileChecks;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile.Fact;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of every size and header, on the simulation. */
@ExtendWith({DriverChecks.class, CuFileChecks.class})
class FilesTests {
  private static final int TENSOR = 300_000;

  @TempDir private Path folder;
  private HostView host;

  @BeforeEach
  void write() {
    host = Hosts.peerToPeer(folder.resolve("root"));
  }

  private Loads loads() {
    return new Loads(SimulatedCuFile.newBinding(), host);
  }

  private SampleFile sample(long bytes) throws IOException {
    return SampleFiles.write(folder.resolve("sample"), bytes, bytes);
  }

  private static long fact(Fact which) {
    return SimulatedCuFile.get().fact(which);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4095, 4096, 4097, 65_536, 200_001})
  void filesOfAnySizeComeWhole(int bytes) throws IOException {
    SampleFile file = sample(bytes);
    TransferStats stats = loads().load(file, file.whole());
    assertThat(fact(Fact.READ_BYTES)).isEqualTo(bytes - bytes % 4096);
    assertThat(stats.bytesByPath().getOrDefault(TransferPath.BUFFERED, 0L)).isEqualTo(bytes % 4096);
    assertThat(fact(Fact.OPENS))
        .as("the driver is opened only for cuFile's reads")
        .isEqualTo(bytes < 4096 ? 0 : 1);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 104, 4088, 4095, 4096, 4104
      })
  void tensorsBehindHeadersOfAnySizeComeWholeAndAligned(int header) throws IOException {
    SampleFile file = sample(header + TENSOR);
    TransferStats stats = loads().load(file, file.plan(new ByteRange(header, header + TENSOR)));
    assertThat(stats.reason().toString())
        .contains(header % 16 == 0 ? " straight" : " by way of scratch memory");
    assertThat(stats.bytesByPath().get(TransferPath.PEER_TO_PEER)).isGreaterThan(TENSOR - 8192);
  }

  @Test
  void offsetsPast4GiBAreRead() throws IOException {
    long size = (5L << 30) + 7;
    SampleFile file = SampleFiles.writeTail(folder.resolve("sparse"), size, 300_001, 3);
    loads()
        .load(
            file,
            file.plan(new ByteRange(size - 300_001, size - 5), new ByteRange(size - 5, size)));
    assertThat(fact(Fact.READS)).isPositive();
  }

  @Test
  void onlyWhatIsBeingReadIsRegistered() throws IOException {
    SampleFile file = sample(40L * Loads.BLOCK);
    loads().load(file, file.whole());
    assertThat(fact(Fact.PEAK_WINDOW_BYTES)).isBetween((long) Loads.BLOCK, 3L * Loads.BLOCK);
    assertThat(fact(Fact.DIRECT_READS)).isEqualTo(fact(Fact.READS)).isEqualTo(40);
  }

  @Test
  void registrationCanBeSwitchedOff() throws IOException {
    SampleFile file = sample(4L * Loads.BLOCK);
    TransferStats stats = loads().property("gds.register", "false").load(file, file.whole());
    assertThat(fact(Fact.PEAK_WINDOW_BYTES)).isZero();
    assertThat(stats.reason().toString())
        .endsWith("by cuFile's own device memory: gds.register=false");
  }

  @Test
  void theThresholdCanBeSet() throws IOException {
    SampleFile file = sample(4L * Loads.BLOCK);
    TransferStats stats = loads().property("gds.min-bytes", "300000").load(file, file.whole());
    assertThat(fact(Fact.READS) + fact(Fact.OPENS)).isZero();
    assertThat(stats.reason().toString())
        .isEqualTo(
            "262144 bytes staged; no part is of 300000 bytes, from which on GPUDirect Storage"
                + " pays");
  }

  @Test
  void theReasonHasWhatNvidiaFsCounted() throws IOException {
    SampleFile file = sample(Loads.BLOCK);
    Hosts.write(
        host.root(), "proc/driver/nvidia-fs/stats", "IO stats: Enabled\nOps : Read=5 Write=0\n");
    assertThat(loads().load(file, file.whole()).reason().toString())
        .isEqualTo(
            "65536 bytes straight; peer to peer: ext4 on nvme0n1p1; but nvidia-fs counted no read:"
                + " cuFile went through the host");
  }

  @Test
  void compatibilityModeHasToBeAskedFor() throws IOException {
    SampleFile file = sample(Loads.BLOCK);
    host = new HostView(host.root(), Map.of(), _ -> new Storage("tmpfs", List.of()));
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads().load(file, file.whole()))
        .withMessageContaining("compatibility mode; gds=on has that")
        .withMessageContaining("tmpfs is no file system that GPUDirect Storage reads");
    TransferStats stats = loads().property("gds", "on").load(file, file.whole());
    assertThat(stats.bytesByPath()).isEqualTo(Map.of(TransferPath.DIRECT, 65_536L));
    assertThat(stats.reason().toString()).contains("compatibility mode, by the host: tmpfs");
  }

  @Test
  void readsThatMustNotBypassThePageCacheAreLeftToOthers() throws IOException {
    SampleFile file = sample(Loads.BLOCK);
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads().direct(DirectMode.OFF).load(file, file.whole()))
        .withMessageContaining("direct is off");
  }
}
