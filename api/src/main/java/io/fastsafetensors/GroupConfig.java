// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.launch.Launch;
import io.fastsafetensors.internal.rendezvous.Joining;
import io.fastsafetensors.spi.Amounts;
import io.fastsafetensors.spi.Rendezvous;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Who and where the ranks of a group of processes are.
 *
 * <p>Rank 0 listens at the address that the host's name has there. Where it has none but loopback,
 * or that of something in front of the host, rank 0 listens at all addresses, if there is a token.
 * Without a token ranks meet on the loopback interface only, since strangers can't reach that;
 * processes of the same host can.
 *
 * @param rank this process's rank, from 0
 * @param size how many ranks there are
 * @param localRank this process's number on its host, from 0; the index of its device, unless its
 *     host shows it one only
 * @param host where rank 0 listens: a name or an address
 * @param port the port that rank 0 listens on; 0 takes one that follows from the job, and another
 *     if that is in use
 * @param job what tells this group from others that may meet on the same host, the same on all
 *     ranks; ranks of different jobs never form a group. Empty if the port tells
 * @param token a secret that all ranks know; empty accepts any process of this host
 * @param device where the data will live
 * @param collective the id of the collective asked for; empty is the best available
 * @param timeout how long a call may wait for the other ranks
 * @since 0.1
 */
public record GroupConfig(
    int rank,
    int size,
    int localRank,
    String host,
    int port,
    String job,
    String token,
    Device device,
    Optional<String> collective,
    Duration timeout) {
  /** How long a call waits for the other ranks unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  private static final String TIMEOUT = "FST_GROUP_TIMEOUT";

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a rank is not below its size, or the port or the timeout is
   *     none
   */
  public GroupConfig {
    if (size < 1 || rank < 0 || rank >= size || localRank < 0) {
      throw new IllegalArgumentException(
          "rank " + rank + ", local rank " + localRank + " in a group of " + size);
    }
    if (port < 0 || port > 65_535 || (port == 0 && job.isEmpty())) {
      throw new IllegalArgumentException(
          "port " + port + ": want 1 to 65535, or 0 and the name of the job");
    }
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException(
          "timeout " + Amounts.duration(timeout) + ": want more than nothing");
    }
  }

  /**
   * Makes the configuration of ranks that meet at a port of their own.
   *
   * @param rank this process's rank, from 0
   * @param size how many ranks there are
   * @param localRank this process's number on its host, from 0
   * @param host where rank 0 listens
   * @param port the port that rank 0 listens on
   * @param token a secret that all ranks know; may be empty
   * @param device where the data will live
   * @param collective the id of the collective asked for; empty is the best available
   * @param timeout how long a call may wait for the other ranks
   * @throws IllegalArgumentException if a rank is not below its size, or the port or the timeout is
   *     none
   */
  public GroupConfig(
      int rank,
      int size,
      int localRank,
      String host,
      int port,
      String token,
      Device device,
      Optional<String> collective,
      Duration timeout) {
    this(rank, size, localRank, host, port, "", token, device, collective, timeout);
  }

  /**
   * Reads what the launcher of this process has set: torchrun, {@code fst launch}, {@code srun},
   * {@code mpiexec} of MPICH and of Open MPI, an indexed job of Kubernetes, or {@code RANK}, {@code
   * WORLD_SIZE}, {@code LOCAL_RANK}, {@code MASTER_ADDR} and {@code MASTER_PORT} set by hand; and
   * {@code FST_GROUP_TOKEN}, {@code FST_COLLECTIVE}, {@code FST_GROUP_TIMEOUT} (seconds).
   *
   * <p>{@code MASTER_ADDR} and {@code MASTER_PORT} count with every launcher. They are not needed
   * where all ranks are on one host, nor with {@code srun}. torchrun's agent listens at {@code
   * MASTER_PORT} itself: its ranks take another port, which follows from that one. {@code
   * WORLD_SIZE=1} makes a process a group of its own, whatever else is set.
   *
   * @param device where the data will live
   * @return the configuration; empty if nothing tells that this process is one of several
   * @throws IllegalArgumentException if the process is one of several and can't find out enough, or
   *     a variable has no number; it says which
   */
  public static Optional<GroupConfig> fromEnvironment(Device device) {
    return from(System.getenv(), device);
  }

  static Optional<GroupConfig> from(Map<String, String> environment, Device device) {
    Duration timeout = timeout(environment);
    return Launch.find(environment)
        .map(launch ->
            new GroupConfig(
                launch.rank(),
                launch.size(),
                launch.localRank(),
                launch.place().host(),
                launch.place().port(),
                launch.place().job(),
                environment.getOrDefault("FST_GROUP_TOKEN", "").strip(),
                device,
                Optional.ofNullable(environment.get("FST_COLLECTIVE")),
                timeout));
  }

  private static Duration timeout(Map<String, String> environment) {
    String seconds = environment.getOrDefault(TIMEOUT, "").strip();
    if (seconds.isEmpty()) {
      return DEFAULT_TIMEOUT;
    }
    if (!seconds.matches("[0-9]{1,9}") || Integer.parseInt(seconds) == 0) {
      throw new IllegalArgumentException(
          "environment variable " + TIMEOUT + " is '" + seconds + "': want seconds, at least 1");
    }
    return Duration.ofSeconds(Integer.parseInt(seconds));
  }

  /**
   * Returns the same with another device; a rank's device may follow from its local rank.
   *
   * @param other where the data will live
   * @return the configuration
   */
  public GroupConfig withDevice(Device other) {
    return new GroupConfig(
        rank, size, localRank, host, port, job, token, other, collective, timeout);
  }

  /**
   * Meets the other ranks, for a transport; blocks until all are here, or until the timeout.
   *
   * @return the connection; the caller closes it
   * @throws CollectiveException if a rank is missing at the deadline, refused, or disagrees about
   *     the size of the group
   */
  public Rendezvous meet() throws CollectiveException {
    return Joining.join(this);
  }

  /**
   * Tells the ranks that wait for this one that it will not come, which its launcher may know: they
   * fail at once, and not only at the timeout. Does nothing if they don't wait, or for rank 0, to
   * which all others come. Blocks for no longer than the timeout.
   */
  public void decline() {
    Joining.decline(this);
  }

  /** Returns all but the token. */
  @Override
  public String toString() {
    String place = port > 0 ? host + ":" + port : host + ", job " + job;
    return "rank " + rank + " of " + size + " at " + place + " for " + device;
  }
}
