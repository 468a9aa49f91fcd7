// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Frame.Alive;
import io.fastsafetensors.toolkit.group.Frame.Brought;
import io.fastsafetensors.toolkit.group.Frame.Failed;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.group.Frame.Late;
import io.fastsafetensors.toolkit.group.Frame.Leaving;
import io.fastsafetensors.toolkit.group.Frame.Started;
import io.fastsafetensors.toolkit.group.Handshake.Answer;
import io.fastsafetensors.toolkit.group.Handshake.Guest;
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

/** Rank 0: every other rank is connected to it, and it knows what goes on. */
final class Hub implements Control, Gatherings.Outcome {
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);
  private static final Duration LINGER = Duration.ofMillis(100);

  private final GroupConfig config;
  private final Board board;
  private final ServerSocket server;
  private final Map<Integer, Link> links = new TreeMap<>();
  private final Gatherings gatherings = new Gatherings(this);
  private final AtomicIntegerArray waitsFor;
  private boolean started;
  private boolean failed;
  private boolean closed;

  /** Makes the hub of a server that is bound; nobody is let in before {@link #assemble}. */
  Hub(GroupConfig config, Board board, ServerSocket server) {
    this.config = config;
    this.board = board;
    this.server = server;
    this.waitsFor = new AtomicIntegerArray(config.size());
    IntStream.range(0, config.size()).forEach(rank -> waitsFor.set(rank, Board.NOBODY));
  }

  /** Waits for all ranks, then closes the door. */
  void assemble(Handshake handshake, Deadline deadline) throws InterruptedException {
    Door door = new Door(server, handshake, config.size(), this::admit);
    startIfComplete();
    door.open();
    try {
      if (!board.awaitStart(deadline)) {
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
                        door.refused())));
      }
    } finally {
      door.close();
    }
  }

  private synchronized List<Integer> missing() {
    return IntStream.range(1, config.size())
        .filter(rank -> !links.containsKey(rank))
        .boxed()
        .toList();
  }

  private Answer admit(Guest guest, Socket socket, Door.Replying reply) throws IOException {
    if (guest.rank() >= 0) {
      return seat(guest, socket, reply);
    }
    int rank = Handshake.declining(guest.rank());
    reply.say(new Reply(Answer.WELCOME, config.size()));
    Sockets.closeQuietly(socket);
    if (missing().contains(rank)) {
      fail(new Failure(rank, "will not come: its launcher says that it has ended"));
    }
    return Answer.WELCOME;
  }

  private synchronized Answer seat(Guest guest, Socket socket, Door.Replying reply)
      throws IOException {
    Answer answer = answerTo(guest);
    reply.say(new Reply(answer, config.size()));
    if (answer == Answer.WELCOME) {
      Link link =
          new Link(
              socket,
              Integer.toString(guest.rank()),
              Pulse.of(config.timeout()),
              board,
              new Voice(guest.rank()));
      links.put(guest.rank(), link);
      link.start();
      startIfComplete();
    }
    return answer;
  }

  private Answer answerTo(Guest guest) throws IOException {
    if (closed) {
      throw new IOException("too late");
    }
    if (guest.size() != config.size()) {
      return Answer.WRONG_SIZE;
    }
    boolean free =
        guest.rank() > 0 && guest.rank() < config.size() && !links.containsKey(guest.rank());
    return free ? Answer.WELCOME : Answer.RANK_TAKEN;
  }

  private synchronized void startIfComplete() {
    if (missing().isEmpty()) {
      started = true;
      Started start = new Started(address());
      links.values().forEach(link -> link.send(start));
      board.start();
    }
  }

  /** What a rank says. */
  private final class Voice implements Link.Listener {
    private final int rank;
    private boolean leaves;

    Voice(int rank) {
      this.rank = rank;
    }

    @Override
    public void heard(Frame frame) throws IOException {
      switch (frame) {
        case Alive(int other) -> waitsFor.set(rank, other);
        case Brought brought -> gatherings.bring(rank, brought);
        case Late(Failure lateness) -> late(lateness);
        case Failed(Failure failure) -> fail(failure);
        case Leaving() -> {
          leaves = true;
          gatherings.leave(rank);
          linkOf(rank).leave();
        }
        case Started started -> throw new IOException("only rank 0 says " + started);
        case Gathered gathered -> throw new IOException("only rank 0 says " + gathered.call());
      }
    }

    @Override
    public void ended(String how) {
      if (!leaves && !forgets(rank)) {
        fail(new Failure(rank, how));
      }
    }
  }

  private synchronized Link linkOf(int rank) {
    return Objects.requireNonNull(links.get(rank));
  }

  /** Before the start a rank may come again. */
  private synchronized boolean forgets(int rank) {
    return !started && links.remove(rank) != null;
  }

  @Override
  public void bring(Brought brought) {
    gatherings.bring(0, brought);
  }

  @Override
  public void complete(List<Integer> members, Gathered gathered) {
    for (int member : members) {
      if (member == 0) {
        board.gathered(gathered.call(), gathered.messages().stream().map(byte[]::clone).toList());
      } else {
        linkOf(member).send(gathered);
      }
    }
  }

  /** Blames the rank that is late, or the one that it waits for itself, and so on. */
  @Override
  public void late(Failure lateness) {
    waitsFor.set(0, board.waitsFor());
    int blamed = lateness.rank();
    for (int steps = 0; waitsFor.get(blamed) != Board.NOBODY; steps++) {
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
      gatherings.clear();
      board.fail(failure);
    }
  }

  /** Tells the others first: once this rank knows, it may close. */
  private synchronized boolean tellAll(Failure failure) {
    if (failed) {
      return false;
    }
    failed = true;
    links.values().forEach(link -> link.send(new Failed(failure)));
    return true;
  }

  private synchronized List<Link> allLinks() {
    return List.copyOf(links.values());
  }

  /** Where it listens, or if that is at all addresses, where ranks of other hosts come. */
  @Override
  public synchronized InetAddress address() {
    InetAddress own = server.getInetAddress();
    return own.isAnyLocalAddress()
        ? links.values().stream()
            .map(Link::localAddress)
            .reduce(InetAddress.getLoopbackAddress(), Sockets::farther)
        : own;
  }

  /** Leaves when all others have, so that those that still work together can. */
  @Override
  public void leave() {
    synchronized (this) {
      closed = true;
    }
    gatherings.leave(0);
    try {
      awaitAllLeave(Deadline.after(config.timeout()));
      fail(Failure.left(0));
      sayLastWords(Deadline.after(LAST_WORDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      allLinks().forEach(Link::close);
    }
  }

  private void awaitAllLeave(Deadline deadline) throws InterruptedException {
    for (Link link : allLinks()) {
      while (link.isOpen() && board.failure().isEmpty() && !deadline.hasPassed()) {
        link.awaitEnd(Deadline.after(LINGER));
      }
    }
  }

  private void sayLastWords(Deadline deadline) throws InterruptedException {
    allLinks().forEach(Link::leave);
    for (Link link : allLinks()) {
      link.awaitSaid(deadline);
    }
  }
}
