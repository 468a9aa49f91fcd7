// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.simulated;

import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.host.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Hosts as they would show themselves, in a folder of their own. */
public final class Hosts {
  /** A file system and disks that reads can be peer to peer from. */
  public static final Storage NVME = new Storage("ext4", List.of("nvme0n1p1"));

  private Hosts() {}

  /** Writes the files of a host where reads can be peer to peer; files are on NVMe. */
  public static HostView peerToPeer(Path root) {
    write(root, "proc/version", "Linux version 6.8.0");
    write(root, "proc/driver/nvidia-fs/version", "version: 2.17.5\n");
    write(root, "dev/nvidia-fs0", "");
    write(root, "run/udev/control", "");
    return new HostView(root, Map.of(), _ -> NVME);
  }

  /** Writes the files of a host without the kernel module. */
  public static HostView compatibility(Path root) {
    write(root, "run/udev/control", "");
    return new HostView(root, Map.of(), _ -> NVME);
  }

  /** Writes a file of a host. */
  public static void write(Path root, String file, String text) {
    try {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
