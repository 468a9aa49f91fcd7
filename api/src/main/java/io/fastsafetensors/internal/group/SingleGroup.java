// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** The group of one rank. */
final class SingleGroup implements ProcessGroup {
  static final SingleGroup INSTANCE = new SingleGroup();

  private SingleGroup() {}

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int size() {
    return 1;
  }

  @Override
  public Duration timeout() {
    return GroupConfig.DEFAULT_TIMEOUT;
  }

  @Override
  public void barrier() {}

  @Override
  public List<byte[]> allGather(byte[] message, Duration timeout) {
    return List.of(message);
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) {
    Objects.checkIndex(root, 1);
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    Objects.checkIndex(root, 1);
    stream.copy(parts.getFirst(), part);
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) {
    throw noPeer(peer);
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) {
    throw noPeer(peer);
  }

  private static IllegalArgumentException noPeer(int peer) {
    return new IllegalArgumentException("rank " + peer + " is no other rank of a group of 1");
  }

  @Override
  public ProcessGroup split(int color, int key) {
    return this;
  }

  @Override
  public void close() {}
}
