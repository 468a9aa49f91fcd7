// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Connection.Heartbeats;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What is done with sockets here and there. */
final class Sockets {
  private Sockets() {}

  /** Reads exactly so many bytes, however slowly they come, by a deadline. */
  static ByteBuffer read(Socket socket, int bytes, Deadline deadline) throws IOException {
    InputStream in = socket.getInputStream();
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (deadline.hasPassed()) {
        throw new SocketTimeoutException(
            "no " + bytes + " bytes within " + Amounts.duration(deadline.allowed()));
      }
      socket.setSoTimeout(millis(deadline));
      int read = in.read(buffer.array(), buffer.position(), buffer.remaining());
      if (read < 0) {
        throw new EOFException("ended after " + buffer.position() + " of " + bytes + " bytes");
      }
      buffer.position(buffer.position() + read);
    }
    return buffer.flip();
  }

  /** Returns the one of two addresses of a host by which other hosts reach it. */
  static InetAddress farther(InetAddress first, InetAddress second) {
    return first.isLoopbackAddress() ? second : first;
  }

  /** Returns what is left, and no more than so much. */
  static Deadline sooner(Deadline deadline, Duration most) {
    return Deadline.after(Heartbeats.shorter(Duration.ofNanos(deadline.remainingNanos()), most));
  }

  /** Returns what is left, for methods to which 0 means for ever. */
  static int millis(Deadline deadline) {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline.remainingNanos());
    return Math.clamp(left, 1, Integer.MAX_VALUE);
  }

  static void closeQuietly(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException e) {
      // It is of no use any more.
    }
  }
}
