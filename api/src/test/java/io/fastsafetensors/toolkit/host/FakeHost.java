// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a host, in a folder, as Linux would show them to a process. */
final class FakeHost {
  static final long MIB = 1 << 20;

  private final Path root;

  /** A machine of 1,000 MiB, of which 900 are free; no limits besides. */
  FakeHost(Path root) throws IOException {
    this.root = root;
    file("proc/meminfo", "MemTotal:  1024000 kB", "MemFree: 1 kB", "MemAvailable:  921600 kB");
  }

  FakeHost file(String name, String... lines) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, List.of(lines));
    return this;
  }

  /** Makes a group of version 2; MiB. */
  FakeHost unified(String folder, String max, long current, String... stat) throws IOException {
    return file(folder + "/memory.max", bytes(max))
        .file(folder + "/memory.high", "max")
        .file(folder + "/memory.current", bytes("" + current))
        .file(folder + "/memory.stat", stat);
  }

  /** Makes a group of version 1; MiB. */
  FakeHost legacy(String folder, String limit, long usage, String... stat) throws IOException {
    return file(folder + "/memory.limit_in_bytes", unlessMax(limit))
        .file(folder + "/memory.usage_in_bytes", bytes("" + usage))
        .file(folder + "/memory.use_hierarchy", "1")
        .file(folder + "/memory.stat", stat);
  }

  private static String unlessMax(String limit) {
    return limit.equals("max") ? "9223372036854771712" : bytes(limit);
  }

  static String bytes(String mib) {
    return mib.equals("max") ? mib : Long.toString(Long.parseLong(mib) * MIB);
  }

  FakeHost groups(String... lines) throws IOException {
    return file("proc/self/cgroup", lines);
  }

  FakeHost mounts(String... lines) throws IOException {
    return file("proc/self/mountinfo", lines);
  }

  MemoryFiles files() {
    return new MemoryFiles(root);
  }

  /** Returns the limits by their sources, as {@code SOURCE: FREE of LIMIT} in MiB. */
  List<String> limits() {
    return files().read().stream()
        .map(limit ->
            "%s: %d of %d"
                .formatted(limit.source(), limit.freeBytes() / MIB, limit.limitBytes() / MIB))
        .toList();
  }
}
