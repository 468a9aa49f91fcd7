// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.rendezvous;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.internal.rendezvous.Handshake.Reply;
import io.fastsafetensors.spi.Amounts;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.Rendezvous;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a rank joins: rank 0 opens its door, the others knock until they are let in. */
public final class Joining {
  private static final int RETRY_MILLIS = 50;
  private static final int CONNECT_MILLIS = 2_000;
  private static final int BACKLOG = 1_024;

  private final GroupConfig config;
  private final Handshake handshake;
  private final Board board = new Board();

  private Joining(GroupConfig config) {
    this.config = config;
    this.handshake = new Handshake(config.token());
  }

  /** Meets the other ranks. */
  public static Rendezvous join(GroupConfig config) throws CollectiveException {
    Joining joining = new Joining(config);
    try {
      return config.rank() == 0 ? joining.host() : joining.visit();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw joining.exception(CollectiveException.NO_PEER, "interrupted", e);
    }
  }

  private Rendezvous host() throws CollectiveException, InterruptedException {
    Hub hub = new Hub(config, board, listen());
    return started(hub, () -> hub.assemble(handshake));
  }

  private ServerSocket listen() throws CollectiveException {
    try {
      ServerSocket server = new ServerSocket();
      try {
        // Only at this address: a listener on all would be open to networks nobody thought of.
        server.bind(
            new InetSocketAddress(InetAddress.getByName(config.host()), config.port()), BACKLOG);
        return server;
      } catch (IOException | RuntimeException e) {
        Sockets.closeQuietly(server);
        throw e;
      }
    } catch (IOException e) {
      throw exception(
          CollectiveException.NO_PEER,
          "rank 0 can't listen at %s (%s): it must be a free port of this host"
              .formatted(place(), e),
          e);
    }
  }

  private String place() {
    return config.host() + ":" + config.port();
  }

  private Rendezvous visit() throws CollectiveException, InterruptedException {
    Member member = new Member(config, board, enter());
    return started(member, member::awaitStart);
  }

  private Socket enter() throws CollectiveException, InterruptedException {
    Deadline deadline = Deadline.after(config.timeout());
    IOException last;
    do {
      try {
        return knockEverywhere(deadline);
      } catch (CollectiveException e) {
        throw e; // Rank 0 has answered.
      } catch (IOException e) {
        last = e;
        Thread.sleep(RETRY_MILLIS);
      }
    } while (!deadline.hasPassed());
    throw exception(
        0,
        "can't reach rank 0 at %s within %s: %s"
            .formatted(place(), Amounts.duration(config.timeout()), last),
        last);
  }

  private Socket knockEverywhere(Deadline deadline) throws IOException, CollectiveException {
    IOException last = new IOException("no address");
    for (InetAddress address : InetAddress.getAllByName(config.host())) {
      try {
        return knock(new InetSocketAddress(address, config.port()), deadline);
      } catch (CollectiveException e) {
        throw e;
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private Socket knock(InetSocketAddress address, Deadline deadline)
      throws IOException, CollectiveException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(address, Math.min(CONNECT_MILLIS, Sockets.millis(deadline)));
      checkWelcome(handshake.knock(socket, config.rank(), config.size(), deadline));
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
      throw exception(0, "rank 0 at " + place() + " refuses this rank: " + text, null);
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
      Optional<Failure> failure = board.failure();
      if (failure.isPresent()) {
        throw failure.get().seenBy(config.rank(), "join");
      }
      done = true;
    } finally {
      if (!done) {
        control.leave();
      }
    }
    return RendezvousGroup.whole(control, board, config);
  }

  private CollectiveException exception(int peer, String detail, @Nullable Exception cause) {
    return new CollectiveException(config.rank(), "join", peer, detail, cause);
  }
}
