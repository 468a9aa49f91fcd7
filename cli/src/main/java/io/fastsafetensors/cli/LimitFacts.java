// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.toolkit.host.DescriptorLimit;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryLimit;
import io.fastsafetensors.toolkit.text.Amounts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What this process may use, and where each limit comes from. */
final class LimitFacts {
  private static final Path GROUPS = Path.of("/proc/self/cgroup");

  private LimitFacts() {}

  /** Returns a line for each limit, and one for each kind that has none. */
  static List<String> read() {
    List<MemoryLimit> limits = HostLimits.SYSTEM.limits();
    List<String> facts = new ArrayList<>();
    limits.forEach(limit -> facts.add(describe(limit)));
    if (lacks(limits, MemoryLimit.Kind.MACHINE)) {
      facts.add("the machine's memory can't be read: loads are not checked against it");
    }
    if (lacks(limits, MemoryLimit.Kind.CONTROL_GROUP)) {
      facts.add("no control group limits memory: " + groups());
    }
    if (lacks(limits, MemoryLimit.Kind.ADDRESSES)) {
      facts.add("no ulimit on memory: ulimit -v and -d are unlimited, or can't be read");
    }
    facts.add(
        DescriptorLimit.read()
            .map(limit ->
                "%s descriptors, %s in use: ulimit -n".formatted(limit.most(), limit.open()))
            .orElse("no limit on descriptors can be read"));
    return facts;
  }

  private static String describe(MemoryLimit limit) {
    return "%s, %s free: %s"
        .formatted(
            Amounts.bytes(limit.limitBytes()), Amounts.bytes(limit.freeBytes()), limit.source());
  }

  private static boolean lacks(List<MemoryLimit> limits, MemoryLimit.Kind kind) {
    return limits.stream().noneMatch(limit -> limit.kind() == kind);
  }

  private static String groups() {
    List<String> asked = HostLimits.controlGroups();
    if (!asked.isEmpty()) {
      return "asked " + String.join(", ", asked);
    }
    return Files.isReadable(GROUPS)
        ? "none that knows of memory is mounted where this process can see it"
        : "this system has none, or doesn't show them (" + GROUPS + " can't be read)";
  }
}
