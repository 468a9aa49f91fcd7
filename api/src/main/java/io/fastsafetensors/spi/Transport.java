// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import java.time.Duration;
import java.util.List;

/**
 * How the bytes of tensors move between ranks: what a {@link Collective} gives. Programs see the
 * ranks as an {@link io.fastsafetensors.ProcessGroup}.
 *
 * <p>All ranks call the same methods in the same order; each call blocks until this rank's part is
 * done. A call that has waited for another rank for as long as the group's timeout, without a byte
 * moving, ends with a {@link CollectiveException} that names the rank (rule C-102). A rank that is
 * lost, fails or leaves ends the calls of all others at once. After an exception other than one
 * about arguments, every call but {@link #close} throws a {@link CollectiveException} (rule C-109).
 * Ranks are always ranks of this group, from 0. One thread at a time uses a group.
 *
 * @since 0.1
 */
public interface Transport extends AutoCloseable {
  /**
   * Returns this rank.
   *
   * @return from 0 to {@code size() - 1}
   */
  int rank();

  /**
   * Returns how many ranks there are.
   *
   * @return at least 1
   */
  int size();

  /**
   * Returns how long a call may wait for the other ranks.
   *
   * @return the timeout
   */
  Duration timeout();

  /**
   * Waits until all ranks are here.
   *
   * @throws CollectiveException if a rank is lost or late
   */
  void barrier() throws CollectiveException;

  /**
   * Exchanges messages for control, within the group's timeout.
   *
   * @param message this rank's; also empty
   * @return every rank's message, by rank
   * @throws CollectiveException if a rank is lost or late
   */
  default List<byte[]> allGather(byte[] message) throws CollectiveException {
    return allGather(message, timeout());
  }

  /**
   * Exchanges messages for control, with a timeout of its own: ranks may come to this call at very
   * different times, as after a load. A rank that is lost, not only late, is found earlier.
   *
   * @param message this rank's; also empty
   * @param timeout how long to wait for the other ranks' messages
   * @return every rank's message, by rank
   * @throws CollectiveException if a rank is lost or late
   */
  List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException;

  /**
   * Copies one rank's bytes to all.
   *
   * @param data on the root the source, elsewhere the target; as many bytes on every rank,
   *     contiguous
   * @param root the rank that has the bytes
   * @param stream the order of the data on the device: the operation comes after what was queued,
   *     and its memory is free again after a later mark
   * @throws LoadException if a rank is lost or late, or a device fails
   */
  void broadcast(Region data, int root, DeviceStream stream) throws LoadException;

  /**
   * Gives every rank its part of one rank's bytes; parts may differ in size and be empty.
   *
   * @param parts on the root a part a rank, by rank, in rows; elsewhere ignored: give an empty list
   * @param part where this rank's part goes, of the part's size, contiguous; must not overlap the
   *     root's parts
   * @param root the rank that has the bytes
   * @param stream the order of the data on the device, as in {@link #broadcast}
   * @throws LoadException if a rank is lost or late, or a device fails
   */
  void scatter(List<Region> parts, Region part, int root, DeviceStream stream) throws LoadException;

  /**
   * Sends bytes to one rank, which receives them.
   *
   * @param data the source, contiguous
   * @param peer the receiver, another rank
   * @param stream the order of the data on the device, as in {@link #broadcast}
   * @throws LoadException if the rank is lost or late, or a device fails
   */
  void send(Region data, int peer, DeviceStream stream) throws LoadException;

  /**
   * Receives bytes from one rank, which sends them.
   *
   * @param data the target, as many bytes as are sent, contiguous
   * @param peer the sender, another rank
   * @param stream the order of the data on the device, as in {@link #broadcast}
   * @throws LoadException if the rank is lost or late, or a device fails
   */
  void receive(Region data, int peer, DeviceStream stream) throws LoadException;

  /**
   * Splits the group; all ranks call it.
   *
   * @param color ranks of equal color form a group
   * @param key the order of the ranks in their new group; ties go by the old rank
   * @return this rank's new group; the caller closes it before this one
   * @throws CollectiveException if a rank is lost or late
   */
  Transport split(int color, int key) throws CollectiveException;

  /** Leaves the group; bounded by the timeout. A second call does nothing. */
  @Override
  void close();
}
