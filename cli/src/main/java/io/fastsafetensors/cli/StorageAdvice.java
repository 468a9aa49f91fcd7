// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What stands out about where the bytes came from. */
final class StorageAdvice {
  /** Of less in less time, times tell nothing. */
  static final long LEAST_BYTES = 64 << 20;

  private static final long LEAST_NANOS = 1_000_000_000;

  private static final double SLOW_GBPS = 0.5;

  /** How many times as fast plain reads are when storage isn't what a load waits for. */
  private static final double FASTER = 1.25;

  static final String SLOW = "advice.slow-storage";
  private static final String FASTER_DISK =
      "use a faster disk, or lift what limits it: a volume's throughput, or io.max and"
          + " blkio.throttle of the control group";

  private final LoadReport report;
  private final LoadRecord course;
  private final List<Advice> all = new ArrayList<>();

  private StorageAdvice(LoadReport report, LoadRecord course) {
    this.report = report;
    this.course = course;
  }

  static List<Advice> of(LoadReport report, LoadRecord course) {
    StorageAdvice advice = new StorageAdvice(report, course);
    advice.fileSystem();
    advice.backend();
    advice.buffered();
    advice.source();
    return advice.all;
  }

  /** Returns the kind of the largest file's file system, as in {@code ext4}. */
  static Optional<String> fileSystem(LoadReport report) {
    try {
      Optional<FileReport> largest =
          report.files().stream().max((a, b) -> Long.compare(a.bytes(), b.bytes()));
      return largest.isPresent()
          ? Optional.of(Files.getFileStore(largest.get().file()).type().toLowerCase(Locale.ROOT))
          : Optional.empty();
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // providers throw what they like
    }
  }

  private void fileSystem() {
    String type = fileSystem(report).orElse("");
    Reason lies =
        Reason.of("advice.file-system", "the files lie in {type}, {what}").with("type", type);
    switch (type) {
      case "overlay" ->
          all.add(
              new Advice(
                  lies.with(
                      "what",
                      "a container's layers, where the page cache may not be seen and direct reads may be refused"),
                  "mount a volume for the files: a bind mount, emptyDir or persistent volume"));
      case "tmpfs", "ramfs" ->
          all.add(
              Advice.fine(
                  lies.with(
                      "what", "which is memory: no storage is read, and none limits the load")));
      default -> {
        if (type.startsWith("nfs") || type.startsWith("fuse") || type.equals("cifs")) {
          all.add(
              new Advice(
                  lies.with("what", "behind a network or a program, whose speed is the limit"),
                  "copy the files to a local disk first, or measure what it gives by fst doctor --measure"));
        }
      }
    }
  }

  private void backend() {
    boolean isPortable = report.files().stream().anyMatch(file -> file.backend().equals("cpu"));
    report.candidates().stream()
        .filter(plugin -> plugin.id().equals("posix") && plugin.kind() == PluginReport.Kind.BACKEND)
        .filter(plugin -> isPortable && !plugin.available())
        .findFirst()
        .ifPresent(posix ->
            all.add(
                new Advice(
                    Reason.of(
                            "advice.portable",
                            "the portable backend read; posix, which is faster, didn't: {why}")
                        .with("why", posix.detail()),
                    "make posix available, or leave --backend out")));
  }

  /** Reads by way of the page cache of bytes that were not there. */
  private void buffered() {
    long buffered = bytes(TransferPath.BUFFERED);
    if (buffered * 20 < total() || buffered == 0) {
      return;
    }
    String why =
        report.files().stream()
            .flatMap(file -> direct(file.reason()).stream())
            .findFirst()
            .orElse("");
    if (why.equals("direct reads are off")) {
      all.add(
          new Advice(
              buffered("advice.direct-off", buffered, why),
              "leave --direct off out, or unset FST_LOAD_DIRECT or load.direct: fst doctor says where it is set"));
    } else if (why.startsWith("not direct")) {
      all.add(
          new Advice(
              buffered("advice.direct-refused", buffered, why),
              "keep the files on ext4 or xfs, or raise the disk's readahead: blockdev --setra 16384 DEVICE"));
    }
  }

  private static Reason buffered(String code, long bytes, String why) {
    return Reason.of(code, "{amount} came by way of the page cache: {why}")
        .with("amount", Amounts.bytes(bytes))
        .with("why", why);
  }

  /** Finds what posix says of direct reads, also behind other reasons. */
  private static Optional<String> direct(Reason reason) {
    if (reason.values().get("direct") instanceof String text) {
      return Optional.of(text);
    }
    return reason.values().values().stream()
        .filter(Reason.class::isInstance)
        .flatMap(value -> direct((Reason) value).stream())
        .findFirst();
  }

  private void source() {
    long nanos = storageNanos();
    if (total() < LEAST_BYTES && nanos < LEAST_NANOS) {
      return;
    }
    double gbps = (double) readBytes() / Math.max(1, nanos);
    if (report.storageBytes() == 0) {
      all.add(
          Advice.fine(
              Reason.of("advice.cached", "all bytes were in the page cache: memory is the limit")));
    } else if (report.storageBytes() * 2 > total() && readBytes() > 0 && gbps < SLOW_GBPS) {
      all.add(
          new Advice(
              Reason.of(SLOW, "storage gave {speed} GB/s").with("speed", Printing.decimal(gbps)),
              "see by fst doctor --measure PATH whether the disk gives more; if not, "
                  + FASTER_DISK));
    }
  }

  /**
   * Says what is left of an advice when storage was measured without a load, too.
   *
   * @param disk what it gave at best, in bytes a second
   * @param load what a load got
   */
  static Optional<Advice> besides(Advice advice, double disk, double load) {
    if (!advice.what().code().equals(SLOW) || disk <= 0) {
      return Optional.of(advice);
    }
    if (disk > load * FASTER) {
      return Optional.empty();
    }
    return Optional.of(
        new Advice(
            Reason.of(SLOW, "storage gave {speed} GB/s, and no more to plain reads")
                .with("speed", Printing.decimal(disk / 1e9)),
            FASTER_DISK));
  }

  private long readBytes() {
    return course.events().stream()
        .filter(event -> event.path().filter(TransferPath::isOfStorage).isPresent())
        .mapToLong(LoadEvent::bytes)
        .sum();
  }

  /** Returns for how long at least one read of storage was under way. */
  private long storageNanos() {
    long nanos = 0;
    long until = 0;
    for (LoadEvent event : course.events()) { // which come in the order of their starts
      if (event.path().filter(TransferPath::isOfStorage).isPresent()) {
        long end = event.start().plus(event.elapsed()).toNanos();
        nanos += Math.max(0, end - Math.max(until, event.start().toNanos()));
        until = Math.max(until, end);
      }
    }
    return nanos;
  }

  private long total() {
    return report.files().stream()
        .flatMap(file -> file.bytesByPath().values().stream())
        .mapToLong(b -> b)
        .sum();
  }

  private long bytes(TransferPath path) {
    return report.files().stream()
        .map(FileReport::bytesByPath)
        .mapToLong((Map<TransferPath, Long> ways) -> ways.getOrDefault(path, 0L))
        .sum();
  }
}
