// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Frame.Alive;
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
 * A connection between rank 0 and another rank. One thread reads and one writes, so that nothing
 * that a rank does or leaves undone keeps another from being heard.
 */
final class Link {
  private final Socket socket;
  private final Pulse pulse;
  private final Board board;
  private final Listener listener;
  private final BlockingQueue<Frame> outgoing = new LinkedBlockingQueue<>();
  private final Thread reader;
  private final Thread writer;

  /** Who is told what comes in. */
  interface Listener {
    /** Takes a frame; throws if the other side may not say such a thing. */
    void heard(Frame frame) throws IOException;

    /** Learns that nothing more comes: the rank is lost, unless it was leaving. */
    void ended(String how);
  }

  /** Makes a link of a connection; nothing is read before {@link #start}. */
  Link(Socket socket, String name, Pulse pulse, Board board, Listener listener) {
    this.socket = socket;
    this.pulse = pulse;
    this.board = board;
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
        frame = outgoing.poll(pulse.interval().toNanos(), TimeUnit.NANOSECONDS);
        if (frame == null) {
          frame = new Alive(board.waitsFor());
        }
        FrameCodec.write(frame, out);
        if (outgoing.isEmpty()) {
          out.flush();
        }
      } while (!(frame instanceof Leaving));
      socket.shutdownOutput();
    } catch (IOException | InterruptedException e) {
      close(); // The reader notices, and tells.
    }
  }

  private void read() {
    listener.ended(readUntilEnd());
    close();
  }

  private String readUntilEnd() {
    try {
      socket.setSoTimeout(Sockets.millis(Deadline.after(pulse.silence())));
      DataInputStream in =
          new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
      while (true) {
        listener.heard(FrameCodec.read(in));
      }
    } catch (SocketTimeoutException e) {
      return "was not heard for " + Amounts.duration(pulse.silence());
    } catch (IOException e) {
      return "its connection ended (" + e + ")";
    }
  }

  InetAddress localAddress() {
    return socket.getLocalAddress();
  }

  /** Says that nothing more will be said, after what is queued. */
  void leave() {
    send(new Leaving());
  }

  /** Waits until all is said. */
  void awaitSaid(Deadline deadline) throws InterruptedException {
    writer.join(Duration.ofNanos(deadline.remainingNanos()));
  }

  /** Tells whether the other side may have more to say. */
  boolean isOpen() {
    return reader.isAlive();
  }

  /** Waits until the other side has nothing more to say, or this side is closed. */
  void awaitEnd(Deadline deadline) throws InterruptedException {
    reader.join(Duration.ofNanos(deadline.remainingNanos()));
  }

  void close() {
    Sockets.closeQuietly(socket);
    writer.interrupt();
  }
}
