// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.TransferStats;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** How the bytes of one file came. Thread-safe. */
final class GdsFileStats {
  private final Map<Read.Way, Long> bytesByWay = new EnumMap<>(Read.Way.class);
  private final Map<TransferPath, Long> bytesByPath = new EnumMap<>(TransferPath.class);
  private long readNanos;
  private long copyNanos;

  synchronized void add(Took took, TransferPath path, long bytes) {
    bytesByWay.merge(took.way(), bytes, Long::sum);
    bytesByPath.merge(path, bytes, Long::sum);
    readNanos += took.readNanos();
    copyNanos += took.copyNanos();
  }

  /**
   * How a read was done.
   *
   * @param way the way taken, which can be another than was meant
   * @param readNanos how long it took
   * @param copyNanos how long the device was waited for
   */
  record Took(Read.Way way, long readNanos, long copyNanos) {}

  synchronized void addCopyNanos(long nanos) {
    copyNanos += nanos;
  }

  /** Returns {@code 4096 bytes straight, 12 bytes staged}. */
  synchronized String shares() {
    return bytesByWay.isEmpty()
        ? "nothing to read"
        : bytesByWay.entrySet().stream()
            .map(share -> share.getValue() + " bytes " + share.getKey())
            .collect(Collectors.joining(", "));
  }

  synchronized TransferStats toStats(Reason reason) {
    return TransferStats.builder()
        .bytesByPath(bytesByPath)
        .readNanos(readNanos)
        .copyNanos(copyNanos)
        .reason(reason)
        .build();
  }
}
