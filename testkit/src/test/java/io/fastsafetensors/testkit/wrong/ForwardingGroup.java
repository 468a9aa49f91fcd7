// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.List;

/** A right group, to make wrong ones of by overriding. */
class ForwardingGroup implements Transport {
  private final Transport group;

  ForwardingGroup(Transport group) {
    this.group = group;
  }

  @Override
  public int rank() {
    return group.rank();
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public Duration timeout() {
    return group.timeout();
  }

  @Override
  public void barrier() throws CollectiveException {
    group.barrier();
  }

  @Override
  public List<byte[]> allGather(byte[] message) throws CollectiveException {
    return group.allGather(message);
  }

  @Override
  public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
    return group.allGather(message, timeout);
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    group.broadcast(data, root, stream);
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    group.scatter(parts, part, root, stream);
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    group.send(data, peer, stream);
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    group.receive(data, peer, stream);
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    return group.split(color, key);
  }

  @Override
  public void close() {
    group.close();
  }
}
