// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.TransferStats;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was done of each file by each backend; a file that is read in chunks is one entry.
 * Thread-safe.
 */
final class FileReports {
  private final Map<Key, FileReport> reports = new LinkedHashMap<>();
  private long tensorBytes;

  private record Key(Path file, String backend) {}

  /** Adds what was read of a file. */
  void add(FilesInFlight.Received received, Duration elapsed) {
    add(
        report(received, elapsed)
            .tensors(received.plan().tensors().size())
            .bytes(received.plan().bytes())
            .build());
  }

  /** Adds a chunk of a file, which has no tensor by itself. */
  void addChunk(FilesInFlight.Received received, Duration elapsed) {
    add(report(received, elapsed).build());
  }

  private synchronized void add(FileReport report) {
    reports.merge(new Key(report.file(), report.backend()), report, FileReports::join);
  }

  private static FileReport.Builder report(FilesInFlight.Received received, Duration elapsed) {
    TransferStats stats = received.ranges().stats();
    return FileReport.builder(received.plan().path(), received.backend())
        .bytesByPath(stats.bytesByPath())
        .storageBytes(stats.storageBytes())
        .elapsed(elapsed)
        .readTime(Duration.ofNanos(stats.readNanos()))
        .copyTime(Duration.ofNanos(stats.copyNanos()))
        .reason(received.reason());
  }

  /** Adds tensors that came from chunks of a file, read by whichever backend. */
  synchronized void addTensors(Path file, int tensors, long bytes) {
    tensorBytes += bytes;
    for (Map.Entry<Key, FileReport> entry : reports.entrySet()) {
      if (entry.getKey().file.equals(file)) {
        FileReport report = entry.getValue();
        entry.setValue(
            report.toBuilder()
                .tensors(report.tensors() + tensors)
                .bytes(report.bytes() + bytes)
                .build());
        return;
      }
    }
  }

  private static FileReport join(FileReport one, FileReport other) {
    Map<TransferPath, Long> bytes = new EnumMap<>(TransferPath.class);
    bytes.putAll(one.bytesByPath());
    other.bytesByPath().forEach((path, count) -> bytes.merge(path, count, Math::addExact));
    return other.toBuilder()
        .bytesByPath(bytes)
        .storageBytes(one.storageBytes() + other.storageBytes())
        .tensors(one.tensors() + other.tensors())
        .bytes(one.bytes() + other.bytes())
        .readTime(one.readTime().plus(other.readTime()))
        .copyTime(one.copyTime().plus(other.copyTime()))
        .build();
  }

  /** Returns the size of the tensors that came from chunks, also of files that others read. */
  synchronized long tensorBytes() {
    return tensorBytes;
  }

  synchronized List<FileReport> all() {
    return List.copyOf(reports.values());
  }
}
