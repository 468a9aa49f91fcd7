// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;

/** Where the ranks of a test meet. */
final class Configs {
  private Configs() {}

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError("no free port", e);
    }
  }

  static GroupConfig config(int rank, int size, int port, Device device, Duration timeout) {
    return new GroupConfig(
        rank, size, rank, "127.0.0.1", port, "a token", device, Optional.of("nccl"), timeout);
  }
}
