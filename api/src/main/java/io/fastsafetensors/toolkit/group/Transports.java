// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.ConnectedGroup;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.List;

/**
 * Transports as a loader uses them: arguments are checked before anything moves, and a failure is
 * final.
 *
 * @since 0.1
 */
public final class Transports {
  private Transports() {}

  /**
   * Makes the transport of a group of one rank.
   *
   * @return the transport; the caller closes it, though it holds nothing
   */
  public static Transport single() {
    return local(1).getFirst();
  }

  /**
   * Makes the transports of a group whose ranks are threads of this process.
   *
   * @param size how many ranks, at least 1
   * @return one a rank, by rank; each is for one thread, which closes it
   */
  public static List<Transport> local(int size) {
    return local(size, GroupConfig.DEFAULT_TIMEOUT);
  }

  /**
   * Makes the transports of a group whose ranks are threads of this process, with a timeout.
   *
   * @param size how many ranks, at least 1
   * @param timeout how long a call may wait for the other ranks
   * @return one a rank, by rank; each is for one thread, which closes it
   */
  public static List<Transport> local(int size, Duration timeout) {
    return ConnectedGroup.localTransports(size, timeout);
  }

  /**
   * Joins a group of processes by a given collective, without a probe; blocks until all are there.
   *
   * @param collective the collective
   * @param config who and where the ranks are
   * @return this rank's transport; the caller closes it
   * @throws LoadException if a rank is missing, refused or disagrees
   */
  public static Transport join(Collective collective, GroupConfig config) throws LoadException {
    return ConnectedGroup.transport(collective, config);
  }

  /**
   * Returns what moves the bytes of a group.
   *
   * @param group the group
   * @return its transport, which the group closes
   */
  public static Transport of(ProcessGroup group) {
    return ((ConnectedGroup) group).transport();
  }

  /**
   * Returns a transport as programs see it, for a loader.
   *
   * @param transport the transport; closed with the group
   * @param config what the group was joined by
   * @return the group
   */
  public static ProcessGroup group(Transport transport, GroupConfig config) {
    return new ConnectedGroup(transport, config.device());
  }
}
