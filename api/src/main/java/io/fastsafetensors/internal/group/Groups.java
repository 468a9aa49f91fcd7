// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import java.time.Duration;
import java.util.List;

/** Makes process groups. */
public final class Groups {
  private Groups() {}

  /** Returns the group of one. */
  public static ProcessGroup single() {
    return SingleGroup.INSTANCE;
  }

  /** Makes a group of threads. */
  public static List<ProcessGroup> local(int size, Duration timeout) {
    if (size == 1) {
      return List.of(single());
    }
    throw new UnsupportedOperationException("groups of " + size + " threads, timeout " + timeout);
  }

  /** Joins a group of processes. */
  public static ProcessGroup join(GroupConfig config) throws LoadException {
    if (config.size() == 1) {
      return single();
    }
    throw new LoadException("no collective for " + config);
  }
}
