// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.Amounts;
import io.fastsafetensors.spi.Collective;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Makes process groups; each comes behind the same checks. */
public final class Groups {
  private Groups() {}

  /** Makes a group of one. */
  public static ProcessGroup single() {
    return local(1, GroupConfig.DEFAULT_TIMEOUT).getFirst();
  }

  /** Makes a group of threads. */
  public static List<ProcessGroup> local(int size, Duration timeout) {
    if (size < 1 || !timeout.isPositive()) {
      throw new IllegalArgumentException(
          "a group of " + size + " ranks, timeout " + Amounts.duration(timeout));
    }
    LocalHub hub = new LocalHub(size, timeout);
    return IntStream.range(0, size)
        .<ProcessGroup>mapToObj(rank -> new CheckedGroup(new LocalGroup(hub, rank)))
        .toList();
  }

  /** Joins a group of processes by the best collective. */
  public static ProcessGroup join(GroupConfig config) throws LoadException {
    if (config.size() == 1) {
      return local(1, config.timeout()).getFirst();
    }
    return join(config, Registry.discover().collective(config));
  }

  /** Joins a group of processes by a given collective. */
  public static ProcessGroup join(GroupConfig config, Collective collective) throws LoadException {
    return new CheckedGroup(collective.join(config));
  }
}
