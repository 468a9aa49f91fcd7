// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.toolkit.host.MemoryLimit.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The files in which Linux says how much memory there is: for the machine (proc_meminfo(5)), for
 * the control groups of this process, and for the process itself (getrlimit(2)). Thread-safe.
 */
final class MemoryFiles {
  /** Those of this process. */
  static final MemoryFiles SYSTEM = new MemoryFiles(Path.of("/"));

  /** Limits of the process: what proc_pid_limits(5) and proc_pid_status(5) call them. */
  private enum Ulimit {
    ADDRESS_SPACE("ulimit -v", "Max address space", "VmSize:"),
    DATA("ulimit -d", "Max data size", "VmData:");

    private final String command;
    private final String name;
    private final String used;

    Ulimit(String command, String name, String used) {
      this.command = command;
      this.name = name;
      this.used = used;
    }
  }

  private final Path root;
  private final ControlGroups groups;
  private List<String> names = List.of();
  private List<ControlGroup> levels = List.of();
  private boolean known;

  /** Reads below a folder, which is the root of all files but in tests. */
  MemoryFiles(Path root) {
    this.root = root;
    this.groups = new ControlGroups(root);
  }

  /** Reads all limits that there are; none on a platform without such files. */
  List<MemoryLimit> read() {
    List<MemoryLimit> limits = new ArrayList<>();
    addMachine(limits);
    levels().forEach(level -> limits.addAll(level.limits()));
    addUlimits(limits);
    return limits;
  }

  /** Returns the levels of control groups that know of memory. */
  synchronized List<ControlGroup> levels() {
    List<String> now = groups.names();
    if (!known || !now.equals(names)) {
      levels = groups.find(now);
      names = now;
      known = true;
    }
    return levels;
  }

  private void addMachine(List<MemoryLimit> limits) {
    SystemFile file = SystemFile.read(root.resolve("proc/meminfo"));
    OptionalLong total = file.number("MemTotal:");
    OptionalLong available = file.number("MemAvailable:");
    if (total.isPresent() && available.isPresent()) {
      limits.add(
          new MemoryLimit(
              Kind.MACHINE,
              "the machine's memory (/proc/meminfo)",
              total.getAsLong() * 1024, // given in kB
              available.getAsLong() * 1024));
    }
  }

  private void addUlimits(List<MemoryLimit> limits) {
    SystemFile soft = SystemFile.read(root.resolve("proc/self/limits"));
    SystemFile status = null;
    for (Ulimit ulimit : Ulimit.values()) {
      OptionalLong limit = soft.number(ulimit.name);
      if (limit.isPresent()) {
        status = status == null ? SystemFile.read(root.resolve("proc/self/status")) : status;
        long used = status.number(ulimit.used).orElse(0) * 1024;
        String source = ulimit.command + " (" + ulimit.name + " in /proc/self/limits)";
        long free = Math.clamp(limit.getAsLong() - used, 0, limit.getAsLong());
        limits.add(new MemoryLimit(Kind.ADDRESSES, source, limit.getAsLong(), free));
      }
    }
  }
}
