// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.function.IntFunction;

/**
 * A group of a collective whose ranks are threads of this process and meet on the loopback
 * interface: what {@link GroupRules#newWorld} returns for a collective that needs no process a
 * rank.
 *
 * @since 0.1
 */
public final class LoopbackWorld implements GroupRules.World {
  private static final String HOST = InetAddress.getLoopbackAddress().getHostAddress();

  private final Collective collective;
  private final int size;
  private final Duration timeout;
  private final IntFunction<Device> devices;
  private final int port;

  /**
   * Makes a world at a port that is free now.
   *
   * @param collective the plug-in
   * @param size how many ranks will join
   * @param timeout the timeout of their groups
   * @param devices where each rank has its data
   * @throws IOException if there is no free port
   */
  public LoopbackWorld(
      Collective collective, int size, Duration timeout, IntFunction<Device> devices)
      throws IOException {
    this.collective = collective;
    this.size = size;
    this.timeout = timeout;
    this.devices = devices;
    this.port = freePort();
  }

  /**
   * Finds a port of the loopback interface, for ranks to meet at.
   *
   * @return a port that is free now
   * @throws IOException if there is none
   */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public Transport join(int rank) throws LoadException {
    GroupConfig config =
        GroupConfig.builder(rank, size)
            .host(HOST)
            .port(port)
            .token("testkit")
            .device(devices.apply(rank))
            .collective(collective.id())
            .timeout(timeout)
            .build();
    return Transports.join(collective, config);
  }
}
