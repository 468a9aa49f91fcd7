// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How many descriptors this process may have: {@code ulimit -n}; immutable.
 *
 * @since 0.1
 */
public final class DescriptorLimit {
  private final long most;
  private final long open;

  DescriptorLimit(long most, long open) {
    this.most = most;
    this.open = open;
  }

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

  /** {@return how many it may have} */
  public long most() {
    return most;
  }

  /** {@return how many it has at the moment} */
  public long open() {
    return open;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DescriptorLimit that && most == that.most && open == that.open;
  }

  @Override
  public int hashCode() {
    return Objects.hash(most, open);
  }

  @Override
  public String toString() {
    return "most " + most + ", open " + open;
  }
}
