// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.TransferStats;
import java.util.EnumMap;
import java.util.Map;

/** What was done for one file. Thread-safe. */
final class FileStats {
  private final Map<TransferPath, Long> bytes = new EnumMap<>(TransferPath.class);
  private long readNanos;
  private long copyNanos;

  synchronized void add(Target.Brought brought, long count) {
    bytes.merge(brought.path(), count, Long::sum);
    readNanos += brought.readNanos();
    copyNanos += brought.copyNanos();
  }

  synchronized void addCopyNanos(long nanos) {
    copyNanos += nanos;
  }

  synchronized TransferStats toStats(String reason) {
    long all = bytes.values().stream().mapToLong(Long::longValue).sum();
    long cached =
        bytes.getOrDefault(TransferPath.CACHED, 0L) + bytes.getOrDefault(TransferPath.MAPPED, 0L);
    String share = all == 0 ? "empty" : cached * 100 / all + "% cached";
    return new TransferStats(bytes, readNanos, copyNanos, share + ", " + reason);
  }
}
