// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A group as programs see it, over a transport.
 *
 * @param transport what moves the bytes; closed with the group
 * @param device where this rank's tensors live unless a loader is told otherwise
 * @param localRank this process's number on its host
 * @param config how it was joined; empty in a group of threads
 */
public record ConnectedGroup(
    Transport transport, Device device, int localRank, Optional<GroupConfig> config)
    implements ProcessGroup {
  /** Makes a group that no launcher started. */
  public ConnectedGroup(Transport transport, Device device) {
    this(transport, device, transport.rank(), Optional.empty());
  }

  /** Makes a group of threads. */
  public static List<ProcessGroup> local(int size, Duration timeout) {
    return localTransports(size, timeout).stream()
        .<ProcessGroup>map(transport -> new ConnectedGroup(transport, Device.CPU))
        .toList();
  }

  /** Makes the group of a process that is no rank. */
  public static ProcessGroup alone(Device device) {
    return new ConnectedGroup(localTransports(1, GroupConfig.DEFAULT_TIMEOUT).getFirst(), device);
  }

  /** Makes the group of a process that is the only rank. */
  public static ProcessGroup alone(GroupConfig config) {
    return ofProcess(localTransports(1, config.timeout()).getFirst(), config);
  }

  private static ConnectedGroup ofProcess(Transport transport, GroupConfig config) {
    return new ConnectedGroup(transport, config.device(), config.localRank(), Optional.of(config));
  }

  /** Joins a group of processes; blocks until all are there. */
  public static ProcessGroup join(Collective collective, GroupConfig config) throws LoadException {
    return ofProcess(transport(collective, config), config);
  }

  /** Joins a group of processes, behind the checks that every transport has. */
  public static Transport transport(Collective collective, GroupConfig config)
      throws LoadException {
    return new CheckedTransport(collective.join(config));
  }

  /** Makes the transports of a group of threads, behind the same checks. */
  public static List<Transport> localTransports(int size, Duration timeout) {
    if (size < 1 || !timeout.isPositive()) {
      throw new IllegalArgumentException(
          "a group of " + size + " ranks, timeout " + Amounts.duration(timeout));
    }
    LocalHub hub = new LocalHub(size, timeout);
    return IntStream.range(0, size)
        .<Transport>mapToObj(rank -> new CheckedTransport(new LocalTransport(hub, rank)))
        .toList();
  }

  @Override
  public int rank() {
    return transport.rank();
  }

  @Override
  public int size() {
    return transport.size();
  }

  @Override
  public Optional<String> launcher() {
    return config.flatMap(GroupConfig::launcher);
  }

  @Override
  public Duration timeout() {
    return transport.timeout();
  }

  @Override
  public void barrier() throws CollectiveException {
    transport.barrier();
  }

  @Override
  public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
    return transport.allGather(message, timeout);
  }

  @Override
  public ProcessGroup split(int color, int key) throws CollectiveException {
    return new ConnectedGroup(transport.split(color, key), device, localRank, config);
  }

  @Override
  public void close() {
    transport.close();
  }

  @Override
  public String toString() {
    String own = "rank " + rank() + " of " + size();
    if (config.isEmpty()) {
      return own + ", by no launcher, for " + device;
    }
    boolean isSplit = config.get().rank() != rank() || config.get().size() != size();
    return isSplit ? own + ", split from " + config.get() : config.get().toString();
  }
}
