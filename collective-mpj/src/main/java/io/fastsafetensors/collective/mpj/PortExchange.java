// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Stands in for the server that MPJ Express asks at its start where its peers listen. Each rank
 * asks its own, on the loopback; the ranks' ports go through the rendezvous, which knows who is
 * who.
 */
final class PortExchange implements AutoCloseable {
  /** Messages above this size wait for their receiver, so that nothing piles up there. */
  static final int EAGER_BYTES = 128 << 10;

  private final Rendezvous rendezvous;
  private final ServerSocket server;

  PortExchange(Rendezvous rendezvous) throws IOException {
    this.rendezvous = rendezvous;
    this.server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  /** Returns the arguments with which MPJ Express finds this. */
  String[] arguments() {
    String peers =
        "#Number of Processes;%s;#Protocol Switch Limit;%s;#Server Name;%s;#Server Port;%s"
            .formatted(
                rendezvous.size(),
                EAGER_BYTES,
                server.getInetAddress().getHostAddress(),
                server.getLocalPort());
    return new String[] {Integer.toString(rendezvous.rank()), peers, "niodev"};
  }

  /** Answers MPJ Express. */
  void run() throws IOException {
    int patience = Math.toIntExact(Math.min(rendezvous.timeout().toMillis(), 60_000));
    server.setSoTimeout(patience);
    try (Socket socket = server.accept()) {
      socket.setSoTimeout(patience);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      in.readUTF(); // A greeting.
      int writePort = in.readInt();
      int readPort = in.readInt();
      String mine =
          "%s@%s@%s@%s"
              .formatted(
                  rendezvous.address().getHostAddress(), readPort, writePort, rendezvous.rank());
      new DataOutputStream(socket.getOutputStream())
          .writeUTF("#Peer Information;" + exchange(mine));
    } catch (SocketTimeoutException e) {
      throw new IOException("it did not ask for its peers; " + MpjDevice.STRANGERS, e);
    }
  }

  private String exchange(String mine) throws CollectiveException {
    List<byte[]> all =
        rendezvous.exchange("join", mine.getBytes(StandardCharsets.UTF_8), rendezvous.timeout());
    return all.stream()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .collect(Collectors.joining(";"));
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
