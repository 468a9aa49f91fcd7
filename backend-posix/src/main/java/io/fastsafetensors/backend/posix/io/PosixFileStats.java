// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.TransferStats;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What was done for one file. Thread-safe. */
final class PosixFileStats {
  private final Map<TransferPath, Long> bytes = new EnumMap<>(TransferPath.class);
  private long readNanos;
  private long copyNanos;

  synchronized void add(ReadTarget.Brought brought, long count) {
    bytes.merge(brought.path(), count, Long::sum);
    readNanos += brought.readNanos();
    copyNanos += brought.copyNanos();
  }

  synchronized void addCopyNanos(long nanos) {
    copyNanos += nanos;
  }

  synchronized TransferStats toStats(Reason reason) {
    return TransferStats.builder()
        .bytesByPath(bytes)
        .readNanos(readNanos)
        .copyNanos(copyNanos)
        .reason(reason)
        .build();
  }

  /** Says how many percent went which way, such as {@code 97% direct, 3% cached}. */
  synchronized String shares() {
    if (bytes.isEmpty()) {
      return "nothing to read";
    }
    long all = bytes.values().stream().mapToLong(Long::longValue).sum();
    return bytes.entrySet().stream()
        .map(way -> Math.round(100.0 * way.getValue() / all) + "% " + name(way.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String name(TransferPath path) {
    return path.name().toLowerCase(Locale.ROOT);
  }

  /** Tells whether any bytes came from storage. */
  synchronized boolean usedStorage() {
    return bytes.containsKey(TransferPath.DIRECT) || bytes.containsKey(TransferPath.BUFFERED);
  }
}
