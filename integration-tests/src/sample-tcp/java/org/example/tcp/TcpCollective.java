// SPDX-License-Identifier: Apache-2.0
package org.example.tcp;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Ranks that talk over a TCP connection a pair, through host memory. */
public final class TcpCollective implements Collective {
  @Override
  public String id() {
    return "example-tcp";
  }

  @Override
  public int spiVersion() {
    return SPI_VERSION;
  }

  @Override
  public int priority() {
    return -10;
  }

  @Override
  public Availability probe(Device device) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Availability.available(
          "TCP, through host memory; tried port " + socket.getLocalPort());
    } catch (IOException e) {
      return Availability.unavailable("can't listen: " + e, e);
    }
  }

  @Override
  public Transport join(GroupConfig config) throws CollectiveException {
    return TcpGroup.over(Rendezvous.join(config));
  }
}
