// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.ProcessGroup;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A plain connection between two ranks of one host, with the settings of the JDK: bytes go straight
 * from memory to memory, in calls of the size that the collective sends in.
 *
 * @param channel the connection
 */
record RawTcp(SocketChannel channel) implements AutoCloseable {
  private static final long CALL_BYTES = 16 << 20;

  static RawTcp connect(ProcessGroup group) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    if (group.rank() == 0) {
      try (ServerSocketChannel server = ServerSocketChannel.open()) {
        server.bind(new InetSocketAddress(loopback, 0));
        group.allGather(ByteBuffer.allocate(4).putInt(server.socket().getLocalPort()).array());
        return new RawTcp(server.accept());
      }
    }
    int port = ByteBuffer.wrap(group.allGather(new byte[0]).getFirst()).getInt();
    return new RawTcp(SocketChannel.open(new InetSocketAddress(loopback, port)));
  }

  void send(MemorySegment bytes) throws IOException {
    for (long done = 0; done < bytes.byteSize(); ) {
      done += channel.write(call(bytes, done));
    }
  }

  void receive(MemorySegment bytes) throws IOException {
    for (long done = 0; done < bytes.byteSize(); ) {
      int read = channel.read(call(bytes, done));
      if (read < 0) {
        throw new EOFException("the other rank is gone");
      }
      done += read;
    }
  }

  private static ByteBuffer call(MemorySegment bytes, long from) {
    return bytes.asSlice(from, Math.min(CALL_BYTES, bytes.byteSize() - from)).asByteBuffer();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
