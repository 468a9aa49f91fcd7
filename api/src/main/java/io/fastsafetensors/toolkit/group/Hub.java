// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Connection.Heartbeats;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import io.fastsafetensors.toolkit.group.Frame.Failed;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.group.Frame.Heartbeat;
import io.fastsafetensors.toolkit.group.Frame.Late;
import io.fastsafetensors.toolkit.group.Frame.Leaving;
import io.fastsafetensors.toolkit.group.Frame.Started;
import io.fastsafetensors.toolkit.group.Handshake.Answer;
import io.fastsafetensors.toolkit.group.Handshake.Peer;
import io.fastsafetensors.toolkit.group.Handshake.Reply;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

/** Rank 0: every other rank is connected to it, and it decides for all. */
final class Hub implements Control, PendingExchanges.Listener {
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);
  private static final Duration LINGER = Duration.ofMillis(100);

  private final GroupConfig config;
  private final GroupState state;
  private final ServerSocket server;
  private final Map<Integer, Connection> connections = new TreeMap<>();
  private final PendingExchanges exchanges = new PendingExchanges(this);
  private final AtomicIntegerArray waitsFor;
  private boolean started;
  private boolean failed;
  private boolean closed;

  /** Makes the hub of a server that is bound; nothing is accepted before {@link #assemble}. */
  Hub(GroupConfig config, GroupState state, ServerSocket server) {
    this.config = config;
    this.state = state;
    this.server = server;
    this.waitsFor = new AtomicIntegerArray(config.size());
    IntStream.range(0, config.size()).forEach(rank -> waitsFor.set(rank, GroupState.NOBODY));
  }

  /** Waits for all ranks, then stops to accept. */
  void assemble(Handshake handshake, Deadline deadline) throws InterruptedException {
    Acceptor acceptor = new Acceptor(server, handshake, config.size(), this::admit);
    startIfComplete();
    acceptor.start();
    try {
      if (!state.awaitStart(deadline)) {
        List<Integer> missing = missing();
        fail(
            new Failure(
                missing.getFirst(),
                "ranks %s did not come to %s:%s within %s (FST_GROUP_TIMEOUT)%s"
                    .formatted(
                        missing,
                        config.host(),
                        server.getLocalPort(),
                        Amounts.duration(config.timeout()),
                        acceptor.refused())));
      }
    } finally {
      acceptor.close();
    }
  }

  private synchronized List<Integer> missing() {
    return IntStream.range(1, config.size())
        .filter(rank -> !connections.containsKey(rank))
        .boxed()
        .toList();
  }

  private Answer admit(Peer peer, Socket socket, Acceptor.Responder responder) throws IOException {
    if (peer.rank() >= 0) {
      return admitMember(peer, socket, responder);
    }
    int rank = Handshake.declining(peer.rank());
    responder.send(new Reply(Answer.WELCOME, config.size()));
    Sockets.closeQuietly(socket);
    if (missing().contains(rank)) {
      fail(new Failure(rank, "will not come: its launcher says that it has ended"));
    }
    return Answer.WELCOME;
  }

  private synchronized Answer admitMember(Peer peer, Socket socket, Acceptor.Responder responder)
      throws IOException {
    Answer answer = answerTo(peer);
    responder.send(new Reply(answer, config.size()));
    if (answer == Answer.WELCOME) {
      Connection connection =
          new Connection(
              socket,
              Integer.toString(peer.rank()),
              Heartbeats.of(config.timeout()),
              state,
              new PeerListener(peer.rank()));
      connections.put(peer.rank(), connection);
      connection.start();
      startIfComplete();
    }
    return answer;
  }

  private Answer answerTo(Peer peer) throws IOException {
    if (closed) {
      throw new IOException("too late");
    }
    if (peer.size() != config.size()) {
      return Answer.WRONG_SIZE;
    }
    boolean free =
        peer.rank() > 0 && peer.rank() < config.size() && !connections.containsKey(peer.rank());
    return free ? Answer.WELCOME : Answer.RANK_TAKEN;
  }

  private synchronized void startIfComplete() {
    if (missing().isEmpty()) {
      started = true;
      Started start = new Started(address());
      connections.values().forEach(connection -> connection.send(start));
      state.start();
    }
  }

  /** Handles the frames of a rank. */
  private final class PeerListener implements Connection.Listener {
    private final int rank;
    private boolean leaves;

    PeerListener(int rank) {
      this.rank = rank;
    }

    @Override
    public void received(Frame frame) throws IOException {
      switch (frame) {
        case Heartbeat(int other) -> waitsFor.set(rank, other);
        case Contribution contribution -> exchanges.contribute(rank, contribution);
        case Late(Failure lateness) -> late(lateness);
        case Failed(Failure failure) -> fail(failure);
        case Leaving() -> {
          leaves = true;
          exchanges.leave(rank);
          connectionTo(rank).leave();
        }
        case Started started -> throw new IOException("only rank 0 sends " + started);
        case Gathered gathered -> throw new IOException("only rank 0 sends " + gathered.exchange());
      }
    }

    @Override
    public void closed(String how) {
      if (!leaves && !forgets(rank)) {
        fail(new Failure(rank, how));
      }
    }
  }

  private synchronized Connection connectionTo(int rank) {
    return Objects.requireNonNull(connections.get(rank));
  }

  /** Before the start a rank may connect again. */
  private synchronized boolean forgets(int rank) {
    return !started && connections.remove(rank) != null;
  }

  @Override
  public void contribute(Contribution contribution) {
    exchanges.contribute(0, contribution);
  }

  @Override
  public void complete(List<Integer> members, Gathered gathered) {
    for (int member : members) {
      if (member == 0) {
        state.gathered(
            gathered.exchange(), gathered.messages().stream().map(byte[]::clone).toList());
      } else {
        connectionTo(member).send(gathered);
      }
    }
  }

  /** Blames the rank that is late, or the one that it waits for itself, and so on. */
  @Override
  public void late(Failure lateness) {
    waitsFor.set(0, state.waitsFor());
    int blamed = lateness.rank();
    for (int steps = 0; waitsFor.get(blamed) != GroupState.NOBODY; steps++) {
      blamed = waitsFor.get(blamed);
      if (steps == config.size()) { // They wait for each other in a circle.
        fail(lateness);
        return;
      }
    }
    fail(new Failure(blamed, lateness.detail()));
  }

  @Override
  public void impossible(Failure failure) {
    fail(failure);
  }

  @Override
  public void fail(Failure failure) {
    if (tellAll(failure)) {
      exchanges.clear();
      state.fail(failure);
    }
  }

  /** Tells the others first: once this rank has failed, it may close. */
  private synchronized boolean tellAll(Failure failure) {
    if (failed) {
      return false;
    }
    failed = true;
    connections.values().forEach(connection -> connection.send(new Failed(failure)));
    return true;
  }

  private synchronized List<Connection> allConnections() {
    return List.copyOf(connections.values());
  }

  /** Where it listens, or if that is at all addresses, where ranks of other machines connect. */
  @Override
  public synchronized InetAddress address() {
    InetAddress own = server.getInetAddress();
    return own.isAnyLocalAddress()
        ? connections.values().stream()
            .map(Connection::localAddress)
            .reduce(InetAddress.getLoopbackAddress(), Sockets::farther)
        : own;
  }

  /** Leaves when all others have, so that those that still work together can. */
  @Override
  public void leave() {
    synchronized (this) {
      closed = true;
    }
    exchanges.leave(0);
    try {
      awaitAllLeave(Deadline.after(config.timeout()));
      fail(Failure.left(0));
      sendLeaving(Deadline.after(LEAVE_PATIENCE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      allConnections().forEach(Connection::close);
    }
  }

  private void awaitAllLeave(Deadline deadline) throws InterruptedException {
    for (Connection connection : allConnections()) {
      while (connection.isOpen() && state.failure().isEmpty() && !deadline.hasPassed()) {
        connection.awaitEnd(Deadline.after(LINGER));
      }
    }
  }

  private void sendLeaving(Deadline deadline) throws InterruptedException {
    allConnections().forEach(Connection::leave);
    for (Connection connection : allConnections()) {
      connection.awaitSent(deadline);
    }
  }
}
