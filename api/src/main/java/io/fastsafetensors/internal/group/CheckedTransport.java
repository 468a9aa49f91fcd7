// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What holds for every group: arguments are checked before anything moves, a failure is final. */
final class CheckedTransport implements Transport {
  private final Transport group;
  private @Nullable Exception failure;
  private boolean closed;

  CheckedTransport(Transport group) {
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
    call("barrier", group::barrier);
  }

  @Override
  public List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException(
          "timeout " + Amounts.duration(timeout) + ": want more than nothing");
    }
    return get("allGather", () -> group.allGather(message, timeout));
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    Arguments.checkRank(root, size());
    Arguments.checkData(data, stream);
    call("broadcast", () -> group.broadcast(data, root, stream));
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    Arguments.checkRank(root, size());
    Arguments.checkData(part, stream);
    if (root == rank()) {
      Arguments.checkParts(parts, part, this, stream);
    }
    call("scatter", () -> group.scatter(parts, part, root, stream));
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    Arguments.checkPeer(peer, this);
    Arguments.checkData(data, stream);
    call("send", () -> group.send(data, peer, stream));
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    Arguments.checkPeer(peer, this);
    Arguments.checkData(data, stream);
    call("receive", () -> group.receive(data, peer, stream));
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    return new CheckedTransport(get("split", () -> group.split(color, key)));
  }

  @Override
  public void close() {
    closed = true;
    group.close();
  }

  private interface Call<X extends LoadException> {
    void run() throws X;
  }

  private interface Answer<T, X extends LoadException> {
    T get() throws X;
  }

  private <X extends LoadException> void call(String operation, Call<X> call)
      throws X, CollectiveException {
    get(
        operation,
        () -> {
          call.run();
          return true;
        });
  }

  private <T, X extends LoadException> T get(String operation, Answer<T, X> answer)
      throws X, CollectiveException {
    checkUsable(operation);
    try {
      return answer.get();
    } catch (Exception e) {
      failure = e;
      throw e;
    }
  }

  private void checkUsable(String operation) throws CollectiveException {
    if (closed) {
      throw new IllegalStateException(operation + ": this group of " + size() + " is closed");
    }
    if (failure != null) {
      int peer = failure instanceof CollectiveException e ? e.peer() : CollectiveException.NO_PEER;
      throw new CollectiveException(
          rank(), operation, peer, "this group failed before: " + failure.getMessage(), failure);
    }
  }
}
