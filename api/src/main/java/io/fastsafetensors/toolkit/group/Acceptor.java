// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Handshake.Answer;
import io.fastsafetensors.toolkit.group.Handshake.OtherJobException;
import io.fastsafetensors.toolkit.group.Handshake.Peer;
import io.fastsafetensors.toolkit.group.Handshake.Reply;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Accepts the connections of ranks while a group starts, and refuses others. A connection has five
 * seconds for the handshake; when too many are pending, the oldest is dropped.
 */
final class Acceptor {
  private static final System.Logger LOG = System.getLogger(Acceptor.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int SPARE_PENDING = 16;

  /** Decides about peers that know the token. */
  @FunctionalInterface
  interface Admission {
    /**
     * Accepts or refuses a rank.
     *
     * @param peer the rank
     * @param socket its connection, which passes to this object if the rank is accepted
     * @param responder how to answer it; must be used
     * @return the answer
     */
    Answer admit(Peer peer, Socket socket, Responder responder) throws IOException;
  }

  /** Answers a peer. */
  @FunctionalInterface
  interface Responder {
    void send(Reply reply) throws IOException;
  }

  private final ServerSocket server;
  private final Handshake handshake;
  private final int size;
  private final Admission admission;
  private final Deque<Socket> pending = new ArrayDeque<>();
  private String lastRefused = "";
  private int refusals;

  Acceptor(ServerSocket server, Handshake handshake, int size, Admission admission) {
    this.server = server;
    this.handshake = handshake;
    this.size = size;
    this.admission = admission;
  }

  void start() {
    Thread.ofVirtual().name("fastsafetensors-rendezvous-accept").start(this::acceptUntilClosed);
  }

  private void acceptUntilClosed() {
    try {
      while (true) {
        Socket socket = server.accept();
        addPending(socket);
        Thread.ofVirtual()
            .name("fastsafetensors-rendezvous-handshake")
            .start(() -> shakeHands(socket));
      }
    } catch (IOException e) {
      // Closed: no other rank is waited for.
    }
  }

  private synchronized void addPending(Socket socket) {
    if (pending.size() == size + SPARE_PENDING) {
      Sockets.closeQuietly(pending.remove());
    }
    pending.add(socket);
  }

  private synchronized void removePending(Socket socket) {
    pending.remove(socket);
  }

  private void shakeHands(Socket socket) {
    try {
      Answer answer = authenticate(socket);
      if (answer != Answer.WELCOME) {
        refuse(socket, answer.toString());
      }
    } catch (OtherJobException e) {
      Sockets.closeQuietly(socket); // It goes on looking for its own.
    } catch (IOException e) {
      refuse(socket, e.toString());
    } finally {
      removePending(socket);
    }
  }

  private Answer authenticate(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    byte[] nonce = Handshake.newNonce();
    Peer peer = handshake.receive(socket, nonce, Deadline.after(PATIENCE));
    Responder responder = reply -> handshake.answer(socket, nonce, peer, reply);
    if (!peer.isAuthenticated()) {
      responder.send(new Reply(Answer.WRONG_TOKEN, size));
      return Answer.WRONG_TOKEN;
    }
    removePending(socket); // It is authenticated, and not to be dropped for others.
    return admission.admit(peer, socket, responder);
  }

  /** Warns of the first only: repeated attempts must not fill the log. */
  private synchronized void refuse(Socket socket, String why) {
    Sockets.closeQuietly(socket);
    lastRefused = socket.getRemoteSocketAddress() + ": " + why;
    boolean isFirst = refusals++ == 0;
    LOG.log(
        isFirst ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "rendezvous refused {0}{1}",
        lastRefused,
        isFirst ? "; others are counted, and reported if the group fails to start" : "");
  }

  /** Describes what was refused, for messages; empty if nothing was. */
  synchronized String refused() {
    return refusals == 0
        ? ""
        : " (refused %s connections, the last %s)".formatted(refusals, lastRefused);
  }

  /** Stops to accept, and drops what is pending. */
  void close() {
    Sockets.closeQuietly(server);
    synchronized (this) {
      pending.forEach(Sockets::closeQuietly);
    }
  }
}
