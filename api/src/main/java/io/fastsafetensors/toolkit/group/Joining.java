// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Handshake.Reply;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a rank joins: rank 0 accepts connections, the others connect until they are accepted. */
final class Joining {
  private static final System.Logger LOG = System.getLogger(Joining.class.getName());
  private static final int RETRY_MILLIS = 50;
  private static final int CONNECT_MILLIS = 2_000;
  private static final int BACKLOG = 1_024;

  private final GroupConfig config;
  private final Endpoints endpoints;
  private final Handshake handshake;
  private final Deadline deadline;
  private final GroupState state = new GroupState();

  private Joining(GroupConfig config, Endpoints.Resolver resolver) {
    this.config = config;
    this.endpoints = new Endpoints(config, resolver);
    this.handshake = new Handshake(config.token(), config.job());
    this.deadline = Deadline.after(config.timeout());
  }

  /** Meets the other ranks. */
  static Rendezvous join(GroupConfig config) throws CollectiveException {
    return join(config, InetAddress::getAllByName);
  }

  static Rendezvous join(GroupConfig config, Endpoints.Resolver resolver)
      throws CollectiveException {
    Joining joining = new Joining(config, resolver);
    try {
      return config.rank() == 0 ? joining.joinAsHub() : joining.joinAsMember();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw joining.exception(CollectiveException.NO_PEER, "interrupted", e);
    }
  }

  /** Tells rank 0, if it waits, that a rank will not come. */
  static void decline(GroupConfig config) {
    Joining joining = new Joining(config, InetAddress::getAllByName);
    try {
      Sockets.closeQuietly(joining.connectAnywhere(Handshake.declining(config.rank())));
    } catch (IOException e) { // No rank waits for it.
      LOG.log(System.Logger.Level.DEBUG, "rank 0 is not told of a rank that ended: {0}", e);
    }
  }

  private Rendezvous joinAsHub() throws CollectiveException, InterruptedException {
    Hub hub = new Hub(config, state, listen());
    return started(hub, () -> hub.assemble(handshake, deadline));
  }

  private ServerSocket listen() throws CollectiveException, InterruptedException {
    while (true) {
      try {
        return listenAt(endpoints.toListenAt());
      } catch (CollectiveException e) {
        throw e;
      } catch (UnknownHostException e) { // Resolver of containers appear some time after them.
        if (deadline.hasPassed()) {
          throw cantListen(e);
        }
        Thread.sleep(RETRY_MILLIS);
      } catch (IOException e) {
        throw cantListen(e);
      }
    }
  }

  private CollectiveException cantListen(IOException cause) {
    return exception(
        CollectiveException.NO_PEER,
        "rank 0 can't listen at %s (%s): it must be a free port of this host"
            .formatted(endpoints, cause),
        cause);
  }

  private ServerSocket listenAt(InetAddress address) throws IOException {
    IOException last = new IOException("no port");
    for (int port : endpoints.ports()) {
      ServerSocket server = new ServerSocket();
      try {
        server.bind(new InetSocketAddress(address, port), BACKLOG);
        return server;
      } catch (IOException e) {
        Sockets.closeQuietly(server);
        last = e;
      }
    }
    throw last;
  }

  private Rendezvous joinAsMember() throws CollectiveException, InterruptedException {
    Member member = new Member(config, state, connectUntilDeadline());
    return started(member, member::awaitStart);
  }

  private Socket connectUntilDeadline() throws CollectiveException, InterruptedException {
    IOException last;
    do {
      try {
        return connectAnywhere(config.rank());
      } catch (CollectiveException e) {
        throw e; // Rank 0 has answered.
      } catch (IOException e) {
        last = e;
        Thread.sleep(RETRY_MILLIS);
      }
    } while (!deadline.hasPassed());
    throw exception(
        0,
        "can't reach rank 0 at %s within %s (FST_GROUP_TIMEOUT): %s"
            .formatted(endpoints, Amounts.duration(config.timeout()), last),
        last);
  }

  private Socket connectAnywhere(int rank) throws IOException, CollectiveException {
    IOException last = new IOException("no address");
    for (InetAddress address : endpoints.toConnectTo()) {
      for (int port : endpoints.ports()) {
        try {
          return connect(new InetSocketAddress(address, port), rank);
        } catch (CollectiveException e) {
          throw e;
        } catch (IOException e) {
          last = e;
        }
      }
    }
    throw last;
  }

  private Socket connect(InetSocketAddress address, int rank)
      throws IOException, CollectiveException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(address, Math.min(CONNECT_MILLIS, Sockets.millis(deadline)));
      checkWelcome(handshake.connect(socket, rank, config.size(), deadline));
      return socket;
    } catch (IOException | RuntimeException e) {
      Sockets.closeQuietly(socket);
      throw e;
    }
  }

  private void checkWelcome(Reply reply) throws CollectiveException {
    String text =
        switch (reply.answer()) {
          case WELCOME -> "";
          case WRONG_TOKEN -> "it has another token: FST_GROUP_TOKEN must be the same everywhere";
          case WRONG_SIZE -> "it has %s ranks, this one %s".formatted(reply.size(), config.size());
          case RANK_TAKEN -> "there is another rank " + config.rank() + " already";
        };
    if (!text.isEmpty()) {
      throw exception(0, "rank 0 at " + endpoints + " refuses this rank: " + text, null);
    }
  }

  private interface Start {
    void await() throws InterruptedException;
  }

  private Rendezvous started(Control control, Start start)
      throws CollectiveException, InterruptedException {
    boolean done = false;
    try {
      start.await();
      Optional<Failure> failure = state.failure();
      if (failure.isPresent()) {
        throw failure.get().seenBy(config.rank(), "join");
      }
      done = true;
    } finally {
      if (!done) {
        control.leave();
      }
    }
    return RendezvousGroup.whole(control, state, config);
  }

  private CollectiveException exception(int peer, String detail, @Nullable Exception cause) {
    return new CollectiveException(config.rank(), "join", peer, detail, cause);
  }
}
