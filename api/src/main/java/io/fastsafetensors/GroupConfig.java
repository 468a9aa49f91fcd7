// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.rendezvous.Joining;
import io.fastsafetensors.spi.Amounts;
import io.fastsafetensors.spi.Rendezvous;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Who and where the ranks of a group of processes are.
 *
 * @param rank this process's rank, from 0
 * @param size how many ranks there are
 * @param localRank this process's number on its host, from 0; the index of its device
 * @param host where rank 0 listens: a name or an address
 * @param port the port that rank 0 listens on
 * @param token a secret that all ranks know; empty accepts anyone who reaches the port
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
    String token,
    Device device,
    Optional<String> collective,
    Duration timeout) {
  /** How long a call waits for the other ranks unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

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
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + ": want 1 to 65535");
    }
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException(
          "timeout " + Amounts.duration(timeout) + ": want more than nothing");
    }
  }

  /**
   * Reads the names that launchers set: {@code RANK}, {@code WORLD_SIZE}, {@code LOCAL_RANK},
   * {@code MASTER_ADDR}, {@code MASTER_PORT}, and {@code FST_GROUP_TOKEN}, {@code FST_COLLECTIVE},
   * {@code FST_GROUP_TIMEOUT} (seconds).
   *
   * @param device where the data will live
   * @return the configuration; empty if {@code WORLD_SIZE} is not set
   * @throws IllegalArgumentException if a name is missing or not a number; it says which
   */
  public static Optional<GroupConfig> fromEnvironment(Device device) {
    return from(System.getenv(), device);
  }

  static Optional<GroupConfig> from(Map<String, String> environment, Device device) {
    if (!environment.containsKey("WORLD_SIZE")) {
      return Optional.empty();
    }
    int rank = number(environment, "RANK");
    return Optional.of(
        new GroupConfig(
            rank,
            number(environment, "WORLD_SIZE"),
            environment.containsKey("LOCAL_RANK") ? number(environment, "LOCAL_RANK") : rank,
            required(environment, "MASTER_ADDR"),
            number(environment, "MASTER_PORT"),
            environment.getOrDefault("FST_GROUP_TOKEN", ""),
            device,
            Optional.ofNullable(environment.get("FST_COLLECTIVE")),
            environment.containsKey("FST_GROUP_TIMEOUT")
                ? Duration.ofSeconds(number(environment, "FST_GROUP_TIMEOUT"))
                : DEFAULT_TIMEOUT));
  }

  private static String required(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(
          "environment variable " + name + " is not set: start the ranks with fst launch");
    }
    return value;
  }

  private static int number(Map<String, String> environment, String name) {
    String value = required(environment, name);
    try {
      return Integer.parseInt(value.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "environment variable " + name + " is '" + value + "': want a number", e);
    }
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

  /** Returns all but the token. */
  @Override
  public String toString() {
    return "rank " + rank + " of " + size + " at " + host + ":" + port + " for " + device;
  }
}
