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
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;

/** A rank other than 0, connected to rank 0. */
final class Member implements Control, Link.Listener {
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final GroupConfig config;
  private final Board board;
  private final Socket socket;
  private final Link link;
  private volatile boolean leaves;
  private volatile boolean hubLeaves;
  private volatile InetAddress hubAddress = InetAddress.getLoopbackAddress();

  /** Makes the member of a connection that rank 0 welcomed. */
  Member(GroupConfig config, Board board, Socket socket) {
    this.config = config;
    this.board = board;
    this.socket = socket;
    this.link = new Link(socket, "0", Pulse.of(config.timeout()), board, this);
  }

  /** Waits until rank 0 says that all ranks are here, or which are not. */
  void awaitStart() throws InterruptedException {
    link.start();
    if (!board.awaitStart(Deadline.after(config.timeout().plus(LAST_WORDS)))) {
      fail(new Failure(0, "did not start the group within " + Amounts.duration(config.timeout())));
    }
  }

  @Override
  public void heard(Frame frame) throws IOException {
    switch (frame) {
      case Alive(int waitsFor) -> {}
      case Started(InetAddress hub) -> {
        hubAddress = hub;
        board.start();
      }
      case Gathered(Call call, var messages) -> board.gathered(call, messages);
      case Failed(Failure failure) -> board.fail(failure);
      case Leaving() -> hubLeaves = true;
      case Brought brought -> throw new IOException("only other ranks say " + brought.call());
      case Late(Failure lateness) -> throw new IOException("only other ranks say " + lateness);
    }
  }

  @Override
  public void ended(String how) {
    if (!leaves) {
      board.fail(hubLeaves ? Failure.left(0) : new Failure(0, how));
    }
  }

  @Override
  public void bring(Brought brought) {
    link.send(brought);
  }

  @Override
  public void late(Failure lateness) {
    link.send(new Late(lateness));
  }

  @Override
  public void fail(Failure failure) {
    link.send(new Failed(failure)); // First: once this rank knows, it may close.
    board.fail(failure);
  }

  /** Who came to rank 0 by loopback is on its host, and reached as it is. */
  @Override
  public InetAddress address() {
    return Sockets.farther(socket.getLocalAddress(), hubAddress);
  }

  @Override
  public void leave() {
    leaves = true;
    link.leave();
    Deadline deadline = Deadline.after(Pulse.shorter(LAST_WORDS, config.timeout()));
    try {
      link.awaitSaid(deadline);
      if (board.failure().isEmpty()) {
        link.awaitEnd(deadline);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      link.close();
    }
  }
}
