// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The files in which Linux says how much memory there is: of the machine (proc(5)), and of the
 * container (the kernel's cgroup-v2.rst); the smaller counts.
 *
 * @param meminfo the machine's
 * @param cgroup the folder of the control group that this process is in, as it sees it
 */
record MemoryFiles(Path meminfo, Path cgroup) {
  /** Where they are. */
  static final MemoryFiles SYSTEM =
      new MemoryFiles(Path.of("/proc/meminfo"), Path.of("/sys/fs/cgroup"));

  /** Reads them; empty on a platform without them. */
  Optional<MemoryInfo> read() {
    List<String> machineLines = lines(meminfo);
    OptionalLong total = field(machineLines, "MemTotal:");
    OptionalLong available = field(machineLines, "MemAvailable:");
    if (total.isEmpty() || available.isEmpty()) {
      return Optional.empty();
    }
    MemoryInfo machine =
        new MemoryInfo(available.getAsLong() * 1024, total.getAsLong() * 1024); // given in kB
    return Optional.of(container().map(group -> smaller(machine, group)).orElse(machine));
  }

  private Optional<MemoryInfo> container() {
    OptionalLong max = field(lines(cgroup.resolve("memory.max")), "");
    OptionalLong current = field(lines(cgroup.resolve("memory.current")), "");
    if (max.isEmpty() || current.isEmpty()) {
      return Optional.empty();
    }
    // The page cache counts as used, but gives way.
    long cache = field(lines(cgroup.resolve("memory.stat")), "inactive_file ").orElse(0);
    long free = max.getAsLong() - current.getAsLong() + cache;
    return Optional.of(new MemoryInfo(Math.max(0, free), max.getAsLong()));
  }

  private static MemoryInfo smaller(MemoryInfo a, MemoryInfo b) {
    return new MemoryInfo(
        Math.min(a.freeBytes(), b.freeBytes()), Math.min(a.totalBytes(), b.totalBytes()));
  }

  /** Reads a file's lines; none if there is no such file. */
  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Returns the number after a key at the start of a line; empty if there is no such number. */
  private static OptionalLong field(List<String> lines, String key) {
    try {
      return lines.stream()
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(key.length()).strip().split(" ", 2)[0])
          .filter(word -> !word.isEmpty() && word.chars().allMatch(Character::isDigit))
          .mapToLong(Long::parseLong)
          .findFirst();
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
