// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryLimit;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What stands out about the host that a load ran on. */
final class HostAdvice {
  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String NOT_FOR_THIS_PROCESS = "THP_enabled:\t0";
  private static final long MUCH = 256 << 20;

  private HostAdvice() {}

  /** Looks at what there is after the load: its tensors are gone. */
  static List<Advice> of(LoadReport report) {
    List<Advice> all = new ArrayList<>();
    for (MemoryLimit limit : HostLimits.SYSTEM.limits()) {
      boolean isOfPages = limit.kind() != MemoryLimit.Kind.ADDRESSES; // the page cache has none
      if (isOfPages && limit.freeBytes() < report.bytes() + report.bytes() / 4) {
        all.add(tight(limit, report.bytes()));
      }
    }
    if (copied(report) > MUCH) {
      smallPages(copied(report)).ifPresent(all::add);
    }
    return all;
  }

  private static Optional<Advice> smallPages(long copied) {
    if (read(HUGE_PAGES).contains("[never]")) {
      return Optional.of(
          smallPages(copied, "on this host", "as root: echo madvise > " + HUGE_PAGES));
    }
    return read(STATUS).contains(NOT_FOR_THIS_PROCESS)
        ? Optional.of(
            smallPages(
                copied,
                "for this process",
                "find what starts it with them switched off (prctl, PR_SET_THP_DISABLE): grep THP_enabled /proc/PID/status, of its parents as well"))
        : Optional.empty();
  }

  private static Advice smallPages(long copied, String where, String remedy) {
    return new Advice(
        Reason.of(
                "advice.small-pages",
                "{amount} were copied into pages of 4 KiB: huge pages are off {where}")
            .with("amount", Amounts.bytes(copied))
            .with("where", where),
        remedy);
  }

  /** A limit that leaves little beside the tensors takes the page cache's room, too. */
  private static Advice tight(MemoryLimit limit, long bytes) {
    boolean isGroup = limit.kind() == MemoryLimit.Kind.CONTROL_GROUP;
    return new Advice(
        Reason.of(
                isGroup ? "advice.group-limit" : "advice.little-memory",
                "{free} of memory are left of {limit} by {source}, and the tensors take {bytes}: too little for the tensors and the page cache beside them, so that files are mapped or read from storage again")
            .with("free", Amounts.bytes(limit.freeBytes()))
            .with("limit", Amounts.bytes(limit.limitBytes()))
            .with("source", limit.source())
            .with("bytes", Amounts.bytes(bytes)),
        (isGroup ? "raise the container's memory limit" : "use a host with more memory")
            + ", load a part only, or stream through a window: --stream");
  }

  private static long copied(LoadReport report) {
    return report.device().isCpu()
        ? report.files().stream()
            .flatMap(file -> file.bytesByPath().entrySet().stream())
            .filter(way -> way.getKey() != TransferPath.MAPPED)
            .mapToLong(Map.Entry::getValue)
            .sum()
        : 0;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
