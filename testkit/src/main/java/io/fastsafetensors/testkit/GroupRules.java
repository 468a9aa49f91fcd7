// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * What the rules of process groups are tried on.
 *
 * @since 0.1
 */
public interface GroupRules {
  /**
   * The ranks of one group; each joins on a thread of its own, all at the same time.
   *
   * @since 0.1
   */
  @FunctionalInterface
  interface World extends AutoCloseable {
    /**
     * Makes one rank's group; called once a rank, on the rank's thread.
     *
     * @param rank from 0
     * @return the group; the test closes it on the same thread
     * @throws Exception if it can't be made
     */
    Transport join(int rank) throws Exception;

    /**
     * Ends what the ranks shared, after all closed their groups; nothing unless overridden.
     *
     * @throws IOException if it can't be ended
     */
    @Override
    default void close() throws IOException {}
  }

  /**
   * Makes a world that is independent of all others.
   *
   * @param size how many ranks will join
   * @param timeout the timeout of their groups
   * @return the world; the test closes it
   * @throws Exception if it can't be made
   */
  World newWorld(int size, Duration timeout) throws Exception;

  /**
   * Returns the sizes of groups to try.
   *
   * @return 1, 2, 3, 4 and 8 unless overridden
   */
  default List<Integer> sizes() {
    return List.of(1, 2, 3, 4, 8);
  }

  /**
   * Returns where a rank has its data.
   *
   * @param rank the rank
   * @return {@code cpu} unless overridden
   */
  default Device device(int rank) {
    return Device.CPU;
  }

  /**
   * Returns what makes the ranks' memory.
   *
   * @return the runtime that a loader takes for rank 0's device, unless overridden
   * @throws LoadException if there is none here
   */
  default DeviceRuntime runtime() throws LoadException {
    return Runtimes.of(device(0));
  }

  /**
   * Returns where and how long to try.
   *
   * @return the environment of the system, unless overridden
   */
  default TestkitEnvironment environment() {
    return TestkitEnvironment.fromSystem();
  }
}
