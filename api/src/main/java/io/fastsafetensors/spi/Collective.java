// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.group.Rendezvous;

/**
 * A way for ranks to exchange bytes: the plug-in of process groups.
 *
 * @since 0.1
 */
public interface Collective extends Provider {
  /**
   * Finds out whether this transport works here for data on a device, by touching the real thing;
   * never throws, is cheap, and leaves nothing behind (rule P-103).
   *
   * @param device where the data lives
   * @return available, or the reason why not
   */
  Availability probe(Device device);

  /**
   * Joins a group; blocks until all ranks have, or until the group's timeout.
   *
   * <p>Users get the group behind a check of all arguments and of its state: its methods are called
   * with ranks in range, with contiguous regions where such are asked for, on open groups only, and
   * no more after they threw (rule C-118). {@link Rendezvous} does what transports have in common.
   *
   * @param config who and where the ranks are
   * @return the group; the caller closes it
   * @throws LoadException if a rank is missing at the deadline, refused, or disagrees, or if the
   *     transport fails
   */
  Transport join(GroupConfig config) throws LoadException;
}
