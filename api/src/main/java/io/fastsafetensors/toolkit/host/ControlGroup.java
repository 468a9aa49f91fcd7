// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.toolkit.host.MemoryLimit.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One level of the hierarchy of control groups that limit this process: its own group, or one
 * above. The kernel's documents cgroup-v1/memory.rst and cgroup-v2.rst say what the files mean.
 *
 * @param name the group's path, as this process is told
 * @param shown its folder, as this process sees it
 * @param folder its folder, as it is opened
 * @param isTop whether this is the last level that this process can see
 */
record ControlGroup(String name, String shown, Path folder, boolean isTop) {
  /** What version 1 says where there is no limit, but for the size of a page. */
  private static final long UNLIMITED = Long.MAX_VALUE - (1L << 20);

  /** Reads what the level limits; of either version, whichever files there are. */
  List<MemoryLimit> limits() {
    List<MemoryLimit> limits = new ArrayList<>();
    OptionalLong unified = read("memory.current").number("");
    if (unified.isPresent()) {
      add(limits, "memory.max", unified.getAsLong());
      // Who is over it isn't killed, but slowed down until nothing goes on.
      add(limits, "memory.high", unified.getAsLong());
    }
    OptionalLong used = read("memory.usage_in_bytes").number("");
    if (used.isPresent()) {
      add(limits, "memory.limit_in_bytes", used.getAsLong());
      addHidden(limits, used.getAsLong());
      read("memory.memsw.usage_in_bytes")
          .number("")
          .ifPresent(swapped -> add(limits, "memory.memsw.limit_in_bytes", swapped));
    }
    return limits;
  }

  /** Tells whether the level has files of memory at all. */
  boolean isThere() {
    return read("memory.current").number("").isPresent()
        || read("memory.usage_in_bytes").number("").isPresent();
  }

  /** Tells whether what the level uses counts at the one above; always in version 2. */
  boolean countsAbove() {
    return ofParent("memory.use_hierarchy").number("").orElse(1) != 0;
  }

  private void add(List<MemoryLimit> limits, String file, long used) {
    read(file).number("").ifPresent(limit -> limit(file, limit, used).ifPresent(limits::add));
  }

  /** Above what this process sees there may be less: version 1 tells the least of all levels. */
  private void addHidden(List<MemoryLimit> limits, long used) {
    long own = read("memory.limit_in_bytes").number("").orElse(Long.MAX_VALUE);
    OptionalLong least = isTop ? stat().number("hierarchical_memory_limit ") : OptionalLong.empty();
    if (least.isPresent() && least.getAsLong() < own) {
      limit("memory.stat", least.getAsLong(), used).ifPresent(limits::add);
    }
  }

  private Optional<MemoryLimit> limit(String file, long limit, long used) {
    if (limit >= UNLIMITED) {
      return Optional.empty();
    }
    long free = Math.clamp(limit - used + reclaimable(), 0, limit);
    String source = "%s of control group %s (%s/%s)".formatted(file, name, shown, file);
    return Optional.of(new MemoryLimit(Kind.CONTROL_GROUP, source, limit, free));
  }

  /** The page cache counts as used, but gives way, unless it is still to be written. */
  private long reclaimable() {
    SystemFile stat = stat();
    long cache =
        stat.firstNumber("total_inactive_file ", "inactive_file ")
            + stat.firstNumber("total_active_file ", "active_file ");
    long unwritten =
        stat.firstNumber("total_dirty ", "file_dirty ")
            + stat.firstNumber("total_writeback ", "file_writeback ");
    return Math.max(0, cache - unwritten);
  }

  private SystemFile stat() {
    return read("memory.stat");
  }

  private SystemFile read(String file) {
    return SystemFile.read(folder.resolve(file));
  }

  private SystemFile ofParent(String file) {
    return SystemFile.read(folder.resolveSibling(file));
  }
}
