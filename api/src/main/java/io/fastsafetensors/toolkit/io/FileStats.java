// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.TransferStats;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was done for one file. Thread-safe.
 *
 * @since 0.1
 */
public final class FileStats {
  private final Map<TransferPath, Long> bytesByPath = new EnumMap<>(TransferPath.class);
  private long storageBytes;
  private long readNanos;
  private long copyNanos;

  /** Starts with nothing. */
  public FileStats() {}

  /**
   * Counts a read.
   *
   * @param brought what was done
   * @param bytes how many bytes of the file
   */
  public synchronized void add(ReadTarget.Brought brought, long bytes) {
    bytesByPath.merge(brought.path(), bytes, Math::addExact);
    storageBytes += brought.path().isOfStorage() ? bytes : 0;
    readNanos += brought.readNanos();
    copyNanos += brought.copyNanos();
  }

  /**
   * Counts bytes of a mapping that were not in the page cache before they were mapped.
   *
   * @param bytes how many
   */
  public synchronized void addFaulted(long bytes) {
    storageBytes += bytes;
  }

  /**
   * Counts time spent waiting for copies.
   *
   * @param nanos how long, in nanoseconds
   */
  public synchronized void addCopyNanos(long nanos) {
    copyNanos += nanos;
  }

  /**
   * Tells whether bytes took a way.
   *
   * @param path the way
   * @return true if any did
   */
  public synchronized boolean used(TransferPath path) {
    return bytesByPath.containsKey(path);
  }

  /**
   * Says how many percent went which way.
   *
   * @return such as {@code 97% direct, 3% cached}
   */
  public synchronized String shares() {
    if (bytesByPath.isEmpty()) {
      return "nothing to read";
    }
    long all = bytesByPath.values().stream().mapToLong(Long::longValue).sum();
    return bytesByPath.entrySet().stream()
        .map(way -> Math.round(100.0 * way.getValue() / all) + "% " + name(way.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String name(TransferPath path) {
    return path.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /**
   * Returns all of it.
   *
   * @param reason says why the bytes came so
   * @return the statistics
   */
  public synchronized TransferStats toStats(Reason reason) {
    return TransferStats.builder()
        .bytesByPath(bytesByPath)
        .storageBytes(storageBytes)
        .readNanos(readNanos)
        .copyNanos(copyNanos)
        .reason(reason)
        .build();
  }
}
