// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.ConnectedGroup;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The ranks that share a load: processes, or threads of this one.
 *
 * <p>All ranks call the same methods in the same order; each call blocks until this rank's part is
 * done. A call that has waited for another rank for as long as the group's timeout, without a byte
 * moving, ends with a {@link CollectiveException} that names the rank. A rank that is lost, fails
 * or leaves ends the calls of all others at once. After an exception other than one about
 * arguments, every call but {@link #close} throws a {@link CollectiveException}. Ranks are always
 * ranks of this group, from 0. One thread at a time uses a group.
 *
 * @since 0.1
 */
public sealed interface ProcessGroup extends AutoCloseable permits ConnectedGroup {
  /**
   * Makes a group of one rank: nothing is exchanged.
   *
   * @return the group; the caller closes it, though it holds nothing
   */
  static ProcessGroup single() {
    return local(1).getFirst();
  }

  /**
   * Makes a group whose ranks are threads of this process.
   *
   * @param size how many ranks, at least 1
   * @return one group a rank, by rank; each is for one thread, which closes it
   */
  static List<ProcessGroup> local(int size) {
    return Engines.get().local(size, GroupConfig.DEFAULT_TIMEOUT);
  }

  /**
   * Makes a group whose ranks are threads of this process, with a timeout.
   *
   * @param size how many ranks, at least 1
   * @param timeout how long a call may wait for the other ranks
   * @return one group a rank, by rank; each is for one thread, which closes it
   */
  static List<ProcessGroup> local(int size, Duration timeout) {
    return Engines.get().local(size, timeout);
  }

  /**
   * Joins a group of processes by the installed collective that the configuration asks for, or the
   * best available.
   *
   * @param config who and where the ranks are
   * @return the group; the caller closes it
   * @throws LoadException if no collective is available, or a rank is missing, refused or disagrees
   */
  static ProcessGroup join(GroupConfig config) throws LoadException {
    return join(config, Plugins.installed());
  }

  /**
   * Joins a group of processes by one of the given collectives: the one that the configuration asks
   * for, or the best available.
   *
   * @param config who and where the ranks are
   * @param plugins where the collective is; all ranks need the same one
   * @return the group; the caller closes it
   * @throws LoadException if no collective is available, or a rank is missing, refused or disagrees
   */
  static ProcessGroup join(GroupConfig config, Plugins plugins) throws LoadException {
    return Engines.get().join(config, plugins);
  }

  /**
   * Joins the group of processes that a launcher started this one in, for host memory; otherwise as
   * {@link #fromEnvironment(String)}.
   *
   * @return the group; the caller closes it
   * @throws LoadException if no collective is available, or a rank is missing, refused or disagrees
   * @throws IllegalArgumentException if this process is one of several, and what is needed to find
   *     the others is missing or malformed; the message names the variable
   */
  static ProcessGroup fromEnvironment() throws LoadException {
    return fromEnvironment(Device.CPU.type());
  }

  /**
   * Joins the group of processes that a launcher started this one in: as {@link
   * GroupConfig#fromEnvironment()} and {@link #join(GroupConfig)}. A process that no launcher
   * started gets a group of one; {@link #launcher} tells. What was found is in {@link #toString}.
   *
   * @param device where this rank's tensors live: {@code TYPE:INDEX}, or a type such as {@code
   *     cuda}, of which the index is the {@link #localRank}, or 0 where this process sees only one
   *     device of the type
   * @return the group, of which {@link #device} is that device; the caller closes it
   * @throws LoadException if no collective is available, or a rank is missing, refused or disagrees
   * @throws IllegalArgumentException if the device has another form, or this process is one of
   *     several, and what is needed to find the others is missing or malformed; the message names
   *     the variable
   */
  static ProcessGroup fromEnvironment(String device) throws LoadException {
    return fromEnvironment(device, Plugins.installed());
  }

  /**
   * Joins the group of processes that a launcher started this one in, by a collective of given
   * plug-ins; otherwise as {@link #fromEnvironment(String)}.
   *
   * @param device where this rank's tensors live, with or without an index
   * @param plugins where the collective and the devices are; all ranks need the same collective
   * @return the group, of which {@link #device} is that device; the caller closes it
   * @throws LoadException as {@link #fromEnvironment(String)}
   * @throws IllegalArgumentException as {@link #fromEnvironment(String)}
   */
  static ProcessGroup fromEnvironment(String device, Plugins plugins) throws LoadException {
    return Engines.get().fromEnvironment(device, plugins);
  }

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
   * Returns this process's number on its host.
   *
   * @return from 0; in a group of threads the rank. Of a group that was split off it is the same
   */
  int localRank();

  /**
   * Returns what started the ranks.
   *
   * @return as {@link GroupConfig#launcher}; empty in a group of threads, or if no launcher started
   *     this process
   */
  Optional<String> launcher();

  /**
   * Returns how long a call may wait for the other ranks.
   *
   * @return the timeout
   */
  Duration timeout();

  /**
   * Returns where this rank's tensors live unless a loader is told otherwise.
   *
   * @return the device of the {@link GroupConfig}; {@code cpu} in a group of threads
   */
  Device device();

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
   * Splits the group; all ranks call it.
   *
   * @param color ranks of equal color form a group
   * @param key the order of the ranks in their new group; ties go by the old rank
   * @return this rank's new group; the caller closes it before this one
   * @throws CollectiveException if a rank is lost or late
   */
  ProcessGroup split(int color, int key) throws CollectiveException;

  /**
   * Returns rank, size, local rank, launcher, where the ranks met, and the device, in a line.
   *
   * @return the line
   */
  @Override
  String toString();

  /** Leaves the group; bounded by the timeout. A second call does nothing. */
  @Override
  void close();
}
