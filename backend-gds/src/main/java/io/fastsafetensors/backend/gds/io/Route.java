// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.cufile.DriverProperties;
import io.fastsafetensors.backend.gds.cufile.DriverProperties.Target;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.host.Storage;
import java.util.Map;
import java.util.Optional;

/**
 * The way that cuFile reads a file.
 *
 * @param peerToPeer whether past the host's memory, as far as driver and kernel tell
 * @param reason why so, one line
 */
record Route(boolean peerToPeer, String reason) {
  private static final Map<String, Target> NETWORK =
      Map.of(
          "lustre", Target.LUSTRE,
          "wekafs", Target.WEKAFS,
          "nfs", Target.NFS,
          "nfs4", Target.NFS,
          "gpfs", Target.GPFS,
          "beegfs", Target.BEEGFS,
          "scatefs", Target.SCATEFS,
          "virtiofs", Target.VIRTIOFS);

  /** Finds the way of what is stored so, once cuFile's driver is open. */
  static Route of(HostView host, Storage storage, DriverProperties driver) {
    Optional<String> obstacle = host.obstacle();
    if (obstacle.isPresent()) {
      return new Route(false, obstacle.get());
    }
    return switch (storage.fileSystem()) {
      case "ext4", "xfs" -> ofDisks(host, storage, driver);
      case String type when NETWORK.containsKey(type) ->
          new Route(
              driver.nvfsReads(NETWORK.get(type)),
              storage + (driver.nvfsReads(NETWORK.get(type)) ? "" : ", without a module for that"));
      default -> new Route(false, storage + " is no file system that GPUDirect Storage reads");
    };
  }

  private static Route ofDisks(HostView host, Storage storage, DriverProperties driver) {
    if (!storage.isNvme()) {
      return new Route(false, storage + ", which is not NVMe");
    }
    boolean bySystem = host.usesPciP2p() && driver.hasPciP2p();
    boolean byModule = driver.nvfsReads(Target.NVME) || driver.nvfsReads(Target.NVME_OF);
    return bySystem || byModule
        ? new Route(true, storage.toString())
        : new Route(false, storage + ", but cuFile's driver can't read NVMe here");
  }

  /** Returns how reports call it. */
  TransferPath path() {
    return peerToPeer ? TransferPath.PEER_TO_PEER : TransferPath.DIRECT;
  }
}
