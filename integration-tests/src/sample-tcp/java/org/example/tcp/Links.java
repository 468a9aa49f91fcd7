// SPDX-License-Identifier: Apache-2.0
package org.example.tcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A connection to each other rank. */
final class Links {
  private final Rendezvous meeting;
  private final SocketChannel[] peers;
  private final Queue<Channel> open = new ConcurrentLinkedQueue<>();

  Links(Rendezvous meeting) throws IOException {
    this.meeting = meeting;
    this.peers = new SocketChannel[meeting.size()];
    meeting.onFailure(this::close); // wakes up who waits at the door
    try (ServerSocketChannel door = ServerSocketChannel.open()) {
      open.add(door);
      connect(door.bind(new InetSocketAddress(meeting.address(), 0)));
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Connects to the ranks below; those above connect, and say who they are. */
  private void connect(ServerSocketChannel door) throws IOException {
    String mine = meeting.address().getHostAddress() + " " + door.socket().getLocalPort();
    List<byte[]> all = meeting.exchange("join", mine.getBytes(UTF_8), meeting.timeout());
    for (int rank = 0; rank < meeting.rank(); rank++) {
      String[] at = new String(all.get(rank), UTF_8).split(" ");
      InetAddress host = InetAddress.getByName(at[0]);
      SocketChannel peer = SocketChannel.open(new InetSocketAddress(host, Integer.parseInt(at[1])));
      peer.write(ByteBuffer.wrap(new byte[] {(byte) meeting.rank()}));
      add(peer, rank);
    }
    for (int above = meeting.rank() + 1; above < meeting.size(); above++) {
      SocketChannel peer = door.accept();
      ByteBuffer rank = ByteBuffer.allocate(1);
      peer.read(rank);
      add(peer, rank.get(0));
    }
  }

  private void add(SocketChannel peer, int rank) throws IOException {
    open.add(peer.configureBlocking(false));
    peers[rank] = peer;
  }

  /** Moves bytes, for as long as the rendezvous allows (C-102). */
  void move(String call, int peer, ByteBuffer bytes, boolean out) throws LoadException {
    meeting.await(call, peer, slice -> move(peers[peer], bytes, out, slice));
  }

  private static boolean move(SocketChannel peer, ByteBuffer bytes, boolean out, Duration slice)
      throws LoadException, InterruptedException {
    Deadline deadline = Deadline.after(slice);
    try {
      while (bytes.hasRemaining() && !deadline.hasPassed()) {
        int moved = out ? peer.write(bytes) : peer.read(bytes);
        if (moved < 0) {
          throw new EOFException("closed by the peer");
        } else if (moved == 0) {
          TimeUnit.MICROSECONDS.sleep(50);
        }
      }
      return !bytes.hasRemaining();
    } catch (IOException e) {
      throw new LoadException("the connection broke: " + e, e);
    }
  }

  void close() {
    for (Channel channel : open) {
      try {
        channel.close();
      } catch (IOException e) {
        // it is gone either way
      }
    }
  }
}
