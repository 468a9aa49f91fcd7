// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Connection.Heartbeats;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import io.fastsafetensors.toolkit.group.Frame.ExchangeId;
import io.fastsafetensors.toolkit.group.Frame.Failed;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.group.Frame.Heartbeat;
import io.fastsafetensors.toolkit.group.Frame.Late;
import io.fastsafetensors.toolkit.group.Frame.Leaving;
import io.fastsafetensors.toolkit.group.Frame.Started;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;

/** A rank other than 0, connected to rank 0. */
final class Member implements Control, Connection.Listener {
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);

  private final GroupConfig config;
  private final GroupState state;
  private final Socket socket;
  private final Connection connection;
  private volatile boolean leaves;
  private volatile boolean hubLeaves;
  private volatile InetAddress hubAddress = InetAddress.getLoopbackAddress();

  /** Makes the member of a connection that rank 0 accepted. */
  Member(GroupConfig config, GroupState state, Socket socket) {
    this.config = config;
    this.state = state;
    this.socket = socket;
    this.connection = new Connection(socket, "0", Heartbeats.of(config.timeout()), state, this);
  }

  /** Waits until rank 0 says that all ranks are here, or which are not. */
  void awaitStart() throws InterruptedException {
    connection.start();
    if (!state.awaitStart(Deadline.after(config.timeout().plus(LEAVE_PATIENCE)))) {
      fail(new Failure(0, "did not start the group within " + Amounts.duration(config.timeout())));
    }
  }

  @Override
  public void received(Frame frame) throws IOException {
    switch (frame) {
      case Heartbeat(int waitsFor) -> {}
      case Started(InetAddress hub) -> {
        hubAddress = hub;
        state.start();
      }
      case Gathered(ExchangeId exchange, var messages) -> state.gathered(exchange, messages);
      case Failed(Failure failure) -> state.fail(failure);
      case Leaving() -> hubLeaves = true;
      case Contribution contribution ->
          throw new IOException("only other ranks send " + contribution.exchange());
      case Late(Failure lateness) -> throw new IOException("only other ranks send " + lateness);
    }
  }

  @Override
  public void closed(String how) {
    if (!leaves) {
      state.fail(hubLeaves ? Failure.left(0) : new Failure(0, how));
    }
  }

  @Override
  public void contribute(Contribution contribution) {
    connection.send(contribution);
  }

  @Override
  public void late(Failure lateness) {
    connection.send(new Late(lateness));
  }

  @Override
  public void fail(Failure failure) {
    connection.send(new Failed(failure)); // First: once this rank has failed, it may close.
    state.fail(failure);
  }

  /** A rank that reached rank 0 by loopback is on the same machine, and is reached as rank 0 is. */
  @Override
  public InetAddress address() {
    return Sockets.farther(socket.getLocalAddress(), hubAddress);
  }

  @Override
  public void leave() {
    leaves = true;
    connection.leave();
    Deadline deadline = Deadline.after(Heartbeats.shorter(LEAVE_PATIENCE, config.timeout()));
    try {
      connection.awaitSent(deadline);
      if (state.failure().isEmpty()) {
        connection.awaitEnd(deadline);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connection.close();
    }
  }
}
