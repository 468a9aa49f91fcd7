// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.CatalogFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What one rank sees of the files of all ranks.
 *
 * @param host which boot of which machine it runs on
 * @param files each file, in the order of the catalog
 */
record RankFacts(String host, List<Seen> files) {
  /** Changes with each boot, and is the same in all containers of a machine. */
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /**
   * One file, as a rank sees it.
   *
   * @param fault why it is not the file whose header the owner read; empty if it is
   * @param version which file it is, and when it was written; empty if its file system doesn't tell
   */
  record Seen(String fault, String version) {
    boolean isSame() {
      return fault.isEmpty();
    }
  }

  /** Looks at all files; those of other ranks have their headers read and compared. */
  static RankFacts of(
      List<CatalogFile> files, int rank, Headers headers, Backends backends, BoundedCall bounded)
      throws LoadException {
    List<Seen> seen = new ArrayList<>();
    for (CatalogFile file : files) {
      Path path = file.source().path();
      bounded.signal().check();
      bounded.held().ask(path, 0);
      String fault = file.source().rank() == rank ? "" : headers.fault(file, backends);
      seen.add(new Seen(fault, headers.version(path)));
      bounded.held().done(path);
    }
    return new RankFacts(thisHost(), seen);
  }

  private static String thisHost() {
    try {
      return Files.readString(BOOT).strip();
    } catch (IOException e) {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException unknown) {
        return "unknown host of process " + ProcessHandle.current().pid();
      }
    }
  }

  void write(DataOutputStream out) throws IOException {
    out.writeUTF(host);
    out.writeInt(files.size());
    for (Seen file : files) {
      out.writeUTF(file.fault.substring(0, Math.min(file.fault.length(), 4000)));
      out.writeUTF(file.version);
    }
  }

  static RankFacts read(DataInputStream in) throws IOException {
    String host = in.readUTF();
    List<Seen> files = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      files.add(new Seen(in.readUTF(), in.readUTF()));
    }
    return new RankFacts(host, files);
  }
}
