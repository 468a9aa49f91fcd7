// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * What MPJ Express calls instead of some methods of the JDK; see {@link MpjClassLoader}. This class
 * is loaded once more beside each copy of MPJ Express, and its fields are that copy's own.
 */
public final class MpjHooks {
  private static volatile boolean aborted;
  private static volatile @Nullable InetAddress address;

  private MpjHooks() {}

  /** Sets where to listen. */
  public static void listenAt(InetAddress at) {
    address = at;
  }

  /** Ends attempts to connect, which MPJ Express would repeat for ever. */
  public static void abort() {
    aborted = true;
  }

  /** Replaces {@link System#out} and {@link System#err}: the console belongs to the program. */
  public static PrintStream console() {
    return new PrintStream(OutputStream.nullOutputStream(), false);
  }

  /** Replaces {@link System#exit}: a lost peer is no reason to end the program. */
  @SuppressWarnings("DoNotCallSuggester") // Nobody calls it by name.
  public static void exit(int status) {
    throw new IllegalStateException("MPJ Express gave up with status " + status);
  }

  /** Replaces {@link Throwable#printStackTrace()}. */
  public static void printStackTrace(Throwable thrown) {
    System.getLogger("io.fastsafetensors.collective.mpj")
        .log(System.Logger.Level.DEBUG, "in MPJ Express", thrown);
  }

  /** Replaces {@link ServerSocket#bind}: MPJ Express would listen at all addresses. */
  public static void bind(ServerSocket socket, SocketAddress everywhere) throws IOException {
    socket.bind(new InetSocketAddress(address, ((InetSocketAddress) everywhere).getPort()));
  }

  /** Replaces {@link SocketChannel#open()}. */
  public static SocketChannel open() throws IOException {
    if (aborted) {
      throw new ClosedChannelException();
    }
    return SocketChannel.open();
  }
}
