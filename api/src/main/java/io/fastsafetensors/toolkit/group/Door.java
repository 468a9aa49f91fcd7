// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Handshake.Answer;
import io.fastsafetensors.toolkit.group.Handshake.Guest;
import io.fastsafetensors.toolkit.group.Handshake.OtherJobException;
import io.fastsafetensors.toolkit.group.Handshake.Reply;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Lets ranks in and keeps strangers out, while a group starts. Whoever connects has little time to
 * say who it is; when too many dawdle, the one that came first goes.
 */
final class Door {
  private static final System.Logger LOG = System.getLogger(Door.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int SPARE_PLACES = 16;

  /** Who decides about ranks that know the token. */
  @FunctionalInterface
  interface Host {
    /**
     * Takes a rank in, or not.
     *
     * @param guest the rank
     * @param socket its connection, the host's if the rank is welcome
     * @param reply how to answer it; must be done
     * @return the answer
     */
    Answer admit(Guest guest, Socket socket, Replying reply) throws IOException;
  }

  /** Answers a guest. */
  @FunctionalInterface
  interface Replying {
    void say(Reply reply) throws IOException;
  }

  private final ServerSocket server;
  private final Handshake handshake;
  private final int size;
  private final Host host;
  private final Deque<Socket> waiting = new ArrayDeque<>();
  private String lastRefused = "";
  private int refusals;

  Door(ServerSocket server, Handshake handshake, int size, Host host) {
    this.server = server;
    this.handshake = handshake;
    this.size = size;
    this.host = host;
  }

  void open() {
    Thread.ofVirtual().name("fastsafetensors-rendezvous-door").start(this::acceptUntilClosed);
  }

  private void acceptUntilClosed() {
    try {
      while (true) {
        Socket socket = server.accept();
        seat(socket);
        Thread.ofVirtual().name("fastsafetensors-rendezvous-greet").start(() -> greet(socket));
      }
    } catch (IOException e) {
      // The door is closed: nobody else is waited for.
    }
  }

  private synchronized void seat(Socket socket) {
    if (waiting.size() == size + SPARE_PLACES) {
      Sockets.closeQuietly(waiting.remove());
    }
    waiting.add(socket);
  }

  private synchronized void unseat(Socket socket) {
    waiting.remove(socket);
  }

  private void greet(Socket socket) {
    try {
      Answer answer = converse(socket);
      if (answer != Answer.WELCOME) {
        refuse(socket, answer.toString());
      }
    } catch (OtherJobException e) {
      Sockets.closeQuietly(socket); // It looks for its own.
    } catch (IOException e) {
      refuse(socket, e.toString());
    } finally {
      unseat(socket);
    }
  }

  private Answer converse(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    byte[] number = Handshake.newNumber();
    Guest guest = handshake.receive(socket, number, Deadline.after(PATIENCE));
    Replying replying = reply -> handshake.answer(socket, number, guest, reply);
    if (!guest.isProven()) {
      replying.say(new Reply(Answer.WRONG_TOKEN, size));
      return Answer.WRONG_TOKEN;
    }
    unseat(socket); // From here it is no stranger, and not to be dropped for others.
    return host.admit(guest, socket, replying);
  }

  /** Warns of the first only: who knocks again and again must not fill the log. */
  private synchronized void refuse(Socket socket, String why) {
    Sockets.closeQuietly(socket);
    lastRefused = socket.getRemoteSocketAddress() + ": " + why;
    boolean isFirst = refusals++ == 0;
    LOG.log(
        isFirst ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "rendezvous refused {0}{1}",
        lastRefused,
        isFirst ? "; others are counted, and told if the group fails to start" : "");
  }

  /** Tells who was refused, for messages; empty if nobody was. */
  synchronized String refused() {
    return refusals == 0
        ? ""
        : " (refused %s connections, the last %s)".formatted(refusals, lastRefused);
  }

  /** Lets nobody in any more. */
  void close() {
    Sockets.closeQuietly(server);
    synchronized (this) {
      waiting.forEach(Sockets::closeQuietly);
    }
  }
}
