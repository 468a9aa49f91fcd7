// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Frame.Heartbeat;
import io.fastsafetensors.toolkit.group.Frame.Leaving;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A connection between rank 0 and another rank. One thread reads and one writes, so that a slow
 * rank delays no other.
 */
final class Connection {
  private final Socket socket;
  private final Heartbeats heartbeats;
  private final GroupState state;
  private final Listener listener;
  private final BlockingQueue<Frame> outgoing = new LinkedBlockingQueue<>();
  private final Thread reader;
  private final Thread writer;

  /** Receives the frames of the other side. */
  interface Listener {
    /** Takes a frame; throws if the other side may not send such a one. */
    void received(Frame frame) throws IOException;

    /** The other side sends nothing more: it is lost, unless it was leaving. */
    void closed(String how);
  }

  /** Takes a socket; nothing is read before {@link #start}. */
  Connection(
      Socket socket, String name, Heartbeats heartbeats, GroupState state, Listener listener) {
    this.socket = socket;
    this.heartbeats = heartbeats;
    this.state = state;
    this.listener = listener;
    this.reader =
        Thread.ofVirtual().name("fastsafetensors-rendezvous-read-" + name).unstarted(this::read);
    this.writer =
        Thread.ofVirtual().name("fastsafetensors-rendezvous-write-" + name).unstarted(this::write);
  }

  void start() {
    reader.start();
    writer.start();
  }

  /** Queues a frame; never blocks. */
  void send(Frame frame) {
    outgoing.add(frame);
  }

  private void write() {
    try {
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
      Frame frame;
      do {
        frame = outgoing.poll(heartbeats.interval().toNanos(), TimeUnit.NANOSECONDS);
        if (frame == null) {
          frame = new Heartbeat(state.waitsFor());
        }
        FrameCodec.write(frame, out);
        if (outgoing.isEmpty()) {
          out.flush();
        }
      } while (!(frame instanceof Leaving));
      socket.shutdownOutput();
    } catch (IOException | InterruptedException e) {
      close(); // The reader notices, and reports it.
    }
  }

  private void read() {
    listener.closed(readUntilEnd());
    close();
  }

  private String readUntilEnd() {
    try {
      socket.setSoTimeout(Sockets.millis(Deadline.after(heartbeats.silence())));
      DataInputStream in =
          new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
      while (true) {
        listener.received(FrameCodec.read(in));
      }
    } catch (SocketTimeoutException e) {
      return "was not heard for " + Amounts.duration(heartbeats.silence());
    } catch (IOException e) {
      return "its connection ended (" + e + ")";
    }
  }

  InetAddress localAddress() {
    return socket.getLocalAddress();
  }

  /** Announces the end, after what is queued. */
  void leave() {
    send(new Leaving());
  }

  /** Waits until all frames are sent. */
  void awaitSent(Deadline deadline) throws InterruptedException {
    writer.join(Duration.ofNanos(deadline.remainingNanos()));
  }

  /** Tells whether the other side may send more. */
  boolean isOpen() {
    return reader.isAlive();
  }

  /** Waits until the other side has ended, or this side is closed. */
  void awaitEnd(Deadline deadline) throws InterruptedException {
    reader.join(Duration.ofNanos(deadline.remainingNanos()));
  }

  void close() {
    Sockets.closeQuietly(socket);
    writer.interrupt();
  }

  /**
   * When heartbeats are sent, and when a peer counts as lost without them.
   *
   * @param interval how often a heartbeat is sent
   * @param silence how long after its last frame a peer counts as lost: the group's timeout
   */
  record Heartbeats(Duration interval, Duration silence) {
    private static final Duration LONGEST_INTERVAL = Duration.ofSeconds(5);
    private static final int PER_TIMEOUT = 8;

    static Heartbeats of(Duration timeout) {
      return new Heartbeats(shorter(timeout.dividedBy(PER_TIMEOUT), LONGEST_INTERVAL), timeout);
    }

    static Duration shorter(Duration a, Duration b) {
      return a.compareTo(b) < 0 ? a : b;
    }
  }
}
