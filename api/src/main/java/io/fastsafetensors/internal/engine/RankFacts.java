// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What one rank sees of the files of all ranks.
 *
 * @param host which boot of which machine it runs on
 * @param files each file, in the order of the catalog
 */
record RankFacts(String host, List<Seen> files) {
  private static final Logger LOG = System.getLogger(RankFacts.class.getName());

  /** How many places of a file are looked at. */
  private static final int SAMPLES = 32;

  private static final long SAMPLE_BYTES = 256 << 10;

  /** Changes with each boot, and is the same in all containers of a machine. */
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /**
   * One file, as a rank sees it.
   *
   * @param fault why it is not the file whose header the owner read; empty if it is
   * @param version which file it is, and when it was written; empty if its file system doesn't tell
   */
  record Seen(String fault, String version) {}

  /** Looks at all files; those of other ranks have their headers read and compared. */
  static RankFacts of(
      List<CatalogFile> files, int rank, Headers headers, Backends backends, BoundedCall bounded)
      throws LoadException {
    List<CatalogFile> others = files.stream().filter(file -> file.source().rank() != rank).toList();
    Iterator<String> faults = headers.faults(others, backends, bounded).iterator();
    List<Seen> seen = new ArrayList<>();
    for (CatalogFile file : files) {
      String fault = file.source().rank() == rank ? "" : faults.next();
      seen.add(new Seen(fault, headers.version(file.source().path())));
    }
    return new RankFacts(thisHost(), seen);
  }

  /** Tells whether the page cache of this host has all files, as far as samples tell. */
  static boolean areCached(List<CatalogFile> files, Backends backends, BoundedCall bounded)
      throws LoadException {
    for (CatalogFile file : files) {
      Path path = file.source().path();
      bounded.signal().check();
      bounded.held().ask(path, 0);
      boolean isCached = isCached(file, backends, bounded.signal());
      bounded.held().done(path);
      if (!isCached) {
        return false;
      }
    }
    return true;
  }

  private static boolean isCached(CatalogFile file, Backends backends, StopSignal signal) {
    LoadMonitor monitor = new LoadMonitor((_, _) -> {}, 0, PlannedMemory.unplanned(), signal);
    IoOptions options = IoOptions.builder(monitor).build();
    try (IoBackend.OpenFile open = backends.first().openFile(file.source().path(), options)) {
      long step = Math.max(SAMPLE_BYTES, open.size() / SAMPLES);
      for (long at = 0; at < open.size(); at += step) {
        if (!open.isCached(at, Math.min(SAMPLE_BYTES, open.size() - at))) {
          return false;
        }
      }
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, () -> file.source().path() + ": can't tell what is cached", e);
      return false;
    }
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
