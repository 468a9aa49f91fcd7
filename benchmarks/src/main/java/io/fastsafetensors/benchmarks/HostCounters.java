// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel counts of the whole host, so of all that runs on it.
 *
 * @param disk bytes read from the disk of a folder
 * @param loopback bytes that processes of the host sent each other over the network
 */
record HostCounters(long disk, long loopback) {
  private static final Path LOOPBACK = Path.of("/sys/class/net/lo/statistics/rx_bytes");
  private static final int SECTOR = 512;
  private static final int SECTORS_READ = 2;

  static HostCounters now(Path folder) throws IOException {
    String[] disk =
        Files.readString(Readahead.disk(folder).resolve("stat")).strip().split(" +", -1);
    return new HostCounters(
        Long.parseLong(disk[SECTORS_READ]) * SECTOR,
        Long.parseLong(Files.readString(LOOPBACK).strip()));
  }

  HostCounters since(HostCounters before) {
    return new HostCounters(disk - before.disk, loopback - before.loopback);
  }
}
