// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How many descriptors this process may have: {@code ulimit -n}.
 *
 * @param most how many it may have
 * @param open how many it has at the moment
 * @since 0.1
 */
public record DescriptorLimit(long most, long open) {
  /**
   * Reads {@code /proc/self/limits}, and counts {@code /proc/self/fd}.
   *
   * @return the limit; empty if there is none, and on platforms other than Linux
   */
  public static Optional<DescriptorLimit> read() {
    return read(Path.of("/"));
  }

  static Optional<DescriptorLimit> read(Path root) {
    SystemFile limits = SystemFile.read(root.resolve("proc/self/limits"));
    OptionalLong most = limits.number("Max open files");
    String[] open = root.resolve("proc/self/fd").toFile().list();
    return most.isPresent() && open != null
        ? Optional.of(new DescriptorLimit(most.getAsLong(), open.length))
        : Optional.empty();
  }
}
