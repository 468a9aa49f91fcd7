// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.cufile.DriverProperties;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.host.Storage;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which way cuFile reads a file. */
class RouteTests {
  private static final int NVME = 1 << 4;
  private static final int NFS = 1 << 2;
  private static final int PCI_P2PDMA = 1 << 4;

  @TempDir private Path root;
  private HostView host;

  @BeforeEach
  void write() {
    host = Hosts.peerToPeer(root);
  }

  private static DriverProperties module(int targets) {
    return new DriverProperties(2, 17, targets, 0);
  }

  private Route route(Storage storage, DriverProperties driver) {
    return Route.of(host, storage, driver);
  }

  @Test
  void nvmeIsPeerToPeerIfTheModuleReadsIt() {
    Route route = route(Hosts.NVME, module(NVME));
    assertThat(route).isEqualTo(new Route(true, "ext4 on nvme0n1p1"));
    assertThat(route.path()).isEqualTo(TransferPath.PEER_TO_PEER);
    assertThat(route(Hosts.NVME, module(NFS)).peerToPeer()).isFalse();
    assertThat(route(Hosts.NVME, new DriverProperties(0, 0, NVME, 0)).peerToPeer()).isFalse();
  }

  @Test
  void everyDiskOfAVolumeHasToBeNvme() {
    Route route = route(new Storage("xfs", List.of("nvme0n1", "sdb")), module(NVME));
    assertThat(route).isEqualTo(new Route(false, "xfs on nvme0n1, sdb, which is not NVMe"));
    assertThat(route.path()).isEqualTo(TransferPath.DIRECT);
  }

  @Test
  void theKernelsTransfersHaveToBeAskedForAndToBeThere() {
    DriverProperties kernel = new DriverProperties(0, 0, 0, PCI_P2PDMA);
    assertThat(route(Hosts.NVME, kernel).peerToPeer()).isFalse();
    host = new HostView(root, Map.of("CUFILE_USE_PCIP2PDMA", "1"), host.storages());
    assertThat(route(Hosts.NVME, kernel).peerToPeer()).isTrue();
    assertThat(route(Hosts.NVME, new DriverProperties(0, 0, 0, 0)).peerToPeer()).isFalse();
  }

  @Test
  void networkFileSystemsNeedTheirModule() {
    Storage nfs = new Storage("nfs4", List.of());
    assertThat(route(nfs, module(NFS))).isEqualTo(new Route(true, "nfs4"));
    assertThat(route(nfs, module(NVME)))
        .isEqualTo(new Route(false, "nfs4, without a module for that"));
  }

  @Test
  void otherFileSystemsGoThroughTheHost() {
    assertThat(route(new Storage("overlay", List.of()), module(~0)).reason())
        .isEqualTo("overlay is no file system that GPUDirect Storage reads");
  }

  @Test
  void anObstacleOfTheHostWins() {
    host = new HostView(root, Map.of("CUFILE_FORCE_COMPAT_MODE", "true"), host.storages());
    assertThat(route(Hosts.NVME, module(NVME)).reason()).contains("force_compat_mode");
  }
}
