// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.launch.Launch;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which rank a process is, and how it meets the others; immutable. Made by {@link #builder} or
 * {@link #fromEnvironment()}.
 *
 * @since 0.1
 */
public final class GroupConfig {
  /** How long a call waits for the other ranks unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  private static final String TOKEN = "FST_GROUP_TOKEN";

  private final int rank;
  private final int size;
  private final int localRank;
  private final Optional<String> launcher;
  private final String host;
  private final int port;
  private final String job;
  private final String token;
  private final Device device;
  private final Optional<String> collective;
  private final Duration timeout;

  private GroupConfig(Builder builder) {
    this.rank = builder.rank;
    this.size = builder.size;
    this.localRank = builder.localRank;
    this.launcher = Optional.ofNullable(builder.launcher);
    this.host = builder.host;
    this.port = builder.port;
    this.job = builder.job;
    this.token = builder.token;
    this.device = builder.device;
    this.collective = Optional.ofNullable(builder.collective);
    this.timeout = builder.timeout;
    check();
  }

  private void check() {
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
   * Starts a configuration: the local rank is the rank, the place is none yet, the device is {@code
   * cpu}, the collective the best available, the timeout {@link #DEFAULT_TIMEOUT}.
   *
   * @param rank this process's rank, from 0
   * @param size how many ranks there are
   * @return a builder
   */
  public static Builder builder(int rank, int size) {
    return new Builder(rank, size);
  }

  /**
   * Reads what a launcher of ranks told this process: torchrun, {@code fst launch}, {@code srun},
   * the starters of MPICH and Open MPI, or a Kubernetes indexed job. The settings {@code
   * group.token}, {@code group.collective} and {@code group.timeout} ({@link Configuration}) say
   * the rest; the device is {@code cpu}.
   *
   * @return the configuration; empty if nothing says that this process is one of several
   * @throws IllegalArgumentException if it is one of several, and what is needed to find the others
   *     is missing or malformed; the message names the variable
   */
  public static Optional<GroupConfig> fromEnvironment() {
    return from(System.getenv());
  }

  static Optional<GroupConfig> from(Map<String, String> environment) {
    Builder settings = Engines.get().configure(builder(0, 1), environment);
    Map<String, String> known = new HashMap<>(environment);
    known.put(TOKEN, settings.token); // wherever it was set: ranks elsewhere can come then
    return Launch.find(known)
        .map(launch ->
            builder(launch.rank(), launch.size())
                .localRank(launch.localRank())
                .launcher(launch.launcher())
                .host(launch.place().host())
                .port(launch.place().port())
                .job(launch.place().job())
                .token(settings.token)
                .collective(settings.collective)
                .timeout(settings.timeout)
                .build());
  }

  /**
   * Returns this process's rank.
   *
   * @return from 0 to {@code size() - 1}
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns how many ranks there are.
   *
   * @return at least 1
   */
  public int size() {
    return size;
  }

  /**
   * Returns this process's number on its host: the index of its device, unless its host shows it
   * one only.
   *
   * @return from 0
   */
  public int localRank() {
    return localRank;
  }

  /**
   * Returns what started the ranks.
   *
   * @return {@code torchrun}, {@code fst launch}, {@code srun}, {@code MPICH}, {@code Open MPI},
   *     {@code PMIx}, {@code Kubernetes}, or {@code environment variables} that no launcher of
   *     these set; empty unless it was made by {@link #fromEnvironment()} or said to the builder
   */
  public Optional<String> launcher() {
    return launcher;
  }

  /**
   * Returns where rank 0 listens.
   *
   * @return a name or an address
   */
  public String host() {
    return host;
  }

  /**
   * Returns the port that rank 0 listens on.
   *
   * @return 1 to 65535; 0 takes one that follows from the job, and another if that is in use
   */
  public int port() {
    return port;
  }

  /**
   * Returns what tells this group from others that may meet on the same host. Ranks of different
   * jobs never form a group.
   *
   * @return the same on all ranks; empty if the port tells
   */
  public String job() {
    return job;
  }

  /**
   * Returns the secret that all ranks know.
   *
   * @return the token; empty accepts any process of this host
   */
  public String token() {
    return token;
  }

  /**
   * Returns where the data will live.
   *
   * @return the device
   */
  public Device device() {
    return device;
  }

  /**
   * Returns which collective was asked for.
   *
   * @return its id; empty is the best available
   */
  public Optional<String> collective() {
    return collective;
  }

  /**
   * Returns how long a call may wait for the other ranks.
   *
   * @return above zero
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * Starts from this configuration.
   *
   * @return a builder with all that this has
   */
  public Builder toBuilder() {
    return new Builder(rank, size)
        .localRank(localRank)
        .launcher(launcher.orElse(null))
        .host(host)
        .port(port)
        .job(job)
        .token(token)
        .device(device)
        .collective(collective.orElse(null))
        .timeout(timeout);
  }

  /** Returns all but the token. */
  @Override
  public String toString() {
    String by = launcher.map(name -> ", by " + name).orElse("");
    String place = host + (port > 0 ? ":" + port : ", job " + job);
    String at = size == 1 ? "" : ", at " + place;
    return "rank %s of %s, local rank %s%s%s, for %s"
        .formatted(rank, size, localRank, by, at, device);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GroupConfig that && values().equals(that.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  private List<Object> values() {
    return List.of(
        rank, size, localRank, launcher, host, port, job, token, device, collective, timeout);
  }

  /**
   * Makes a configuration; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final int rank;
    private final int size;
    private int localRank;
    private @Nullable String launcher;
    private String host = "127.0.0.1";
    private int port;
    private String job = "";
    private String token = "";
    private Device device = Device.CPU;
    private @Nullable String collective;
    private Duration timeout = DEFAULT_TIMEOUT;

    private Builder(int rank, int size) {
      this.rank = rank;
      this.size = size;
      this.localRank = rank;
    }

    /**
     * Sets this process's number on its host.
     *
     * @param number from 0
     * @return this
     */
    public Builder localRank(int number) {
      this.localRank = number;
      return this;
    }

    /**
     * Says what started the ranks, for messages.
     *
     * @param name the launcher's name; null is none
     * @return this
     */
    public Builder launcher(@Nullable String name) {
      this.launcher = name;
      return this;
    }

    /**
     * Sets where rank 0 listens; 127.0.0.1 unless set.
     *
     * @param name a name or an address
     * @return this
     */
    public Builder host(String name) {
      this.host = name;
      return this;
    }

    /**
     * Sets the port that rank 0 listens on.
     *
     * @param number 1 to 65535; 0 takes one that follows from the job
     * @return this
     */
    public Builder port(int number) {
      this.port = number;
      return this;
    }

    /**
     * Sets what tells this group from others on the same host.
     *
     * @param name the same on all ranks
     * @return this
     */
    public Builder job(String name) {
      this.job = name;
      return this;
    }

    /**
     * Sets the secret that all ranks know.
     *
     * @param secret the token; empty accepts any process of this host, and none of others
     * @return this
     */
    public Builder token(String secret) {
      this.token = secret;
      return this;
    }

    /**
     * Sets where the data will live.
     *
     * @param where the device
     * @return this
     */
    public Builder device(Device where) {
      this.device = where;
      return this;
    }

    /**
     * Asks for one collective.
     *
     * @param id its id; null is the best available
     * @return this
     */
    public Builder collective(@Nullable String id) {
      this.collective = id;
      return this;
    }

    /**
     * Sets how long a call may wait for the other ranks.
     *
     * @param longest above zero
     * @return this
     */
    public Builder timeout(Duration longest) {
      this.timeout = longest;
      return this;
    }

    /**
     * Makes the configuration; the builder can go on.
     *
     * @return the configuration
     * @throws IllegalArgumentException if the rank is not below the size, a number is negative, the
     *     port is none and there is no job, or the timeout is not above zero
     */
    public GroupConfig build() {
      return new GroupConfig(this);
    }
  }
}
