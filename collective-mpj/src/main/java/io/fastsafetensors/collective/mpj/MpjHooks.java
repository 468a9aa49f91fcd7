// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * What MPJ Express calls instead of some methods of the JDK; see {@link MpjEdits}. This class is
 * loaded once more beside each copy of MPJ Express, and its fields are that copy's own.
 */
public final class MpjHooks {
  private static final int ANNOUNCEMENT_BYTES = 81;
  private static final long WAIT_MILLIS = 50;
  private static final ThreadLocal<ByteBuffer> ANNOUNCEMENT =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(ANNOUNCEMENT_BYTES));

  /** Shared by those who read and write; who takes it alone knows that nobody does. */
  private static final ReadWriteLock TRANSFERS = new ReentrantReadWriteLock();

  private static volatile boolean aborted;
  private static volatile @Nullable InetAddress address;

  private MpjHooks() {}

  /** Sets where to listen. */
  public static void listenAt(InetAddress at) {
    address = at;
  }

  /** Ends all that MPJ Express would repeat or wait for for ever, once its channels are closed. */
  public static void abort() {
    aborted = true;
  }

  /** Waits until nothing is read into or written from any memory; after that nothing will be. */
  public static void drain() {
    TRANSFERS.writeLock().lock();
    try {
      aborted = true;
    } finally {
      TRANSFERS.writeLock().unlock();
    }
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
  public static void log(Throwable thrown) {
    System.getLogger("io.fastsafetensors.collective.mpj")
        .log(System.Logger.Level.DEBUG, "in MPJ Express", thrown);
  }

  /** Replaces {@link ServerSocket#bind}: MPJ Express would listen at all addresses. */
  public static void bind(ServerSocket socket, SocketAddress everywhere) throws IOException {
    socket.bind(new InetSocketAddress(address, ((InetSocketAddress) everywhere).getPort()));
  }

  /** Replaces {@link SocketChannel#open()}. */
  public static SocketChannel open() throws IOException {
    checkOpen();
    return SocketChannel.open();
  }

  private static void checkOpen() throws IOException {
    if (aborted) {
      throw new ClosedChannelException();
    }
  }

  /** Replaces {@link SocketChannel#read(ByteBuffer)}. */
  @SuppressWarnings("ThreadPriorityCheck") // Without the yield all is slower, not wrong.
  public static int read(SocketChannel channel, ByteBuffer target) throws IOException {
    TRANSFERS.readLock().lock();
    try {
      checkOpen();
      int read = channel.read(target);
      if (read == 0) {
        Thread.yield(); // MPJ Express asks again at once, and the sender may need this core.
      }
      return read;
    } finally {
      TRANSFERS.readLock().unlock();
    }
  }

  /** Replaces {@link SocketChannel#write(ByteBuffer)}. */
  public static int write(SocketChannel channel, ByteBuffer source) throws IOException {
    TRANSFERS.readLock().lock();
    try {
      checkOpen();
      return channel.write(source);
    } finally {
      TRANSFERS.readLock().unlock();
    }
  }

  /** Replaces {@link Object#wait(long)} for a lock, which nobody gives back after a failure. */
  @SuppressWarnings("WaitNotInLoop") // The caller's loop is in MPJ Express.
  public static void await(Object lock, long forEver) throws InterruptedException {
    if (aborted) {
      throw new InterruptedException("MPJ Express is closed");
    }
    synchronized (lock) {
      lock.wait(WAIT_MILLIS);
    }
  }

  /**
   * Tells a sender to send, once nothing is written to it; see {@link AnswerEdit}.
   *
   * @param channel to the sender
   * @param request what MPJ Express knows of the message
   * @param lock of the channel's writers
   */
  public static void answer(SocketChannel channel, Object request, Object lock) {
    Thread.ofVirtual()
        .name("fst-mpj-answer")
        .start(() -> {
          try {
            answerLocked(channel, request, lock);
          } catch (ReflectiveOperationException e) {
            log(e); // The channel is closed, or will be.
          }
        });
  }

  private static void answerLocked(SocketChannel channel, Object request, Object lock)
      throws ReflectiveOperationException {
    Class<?> type = request.getClass();
    Method answer =
        Class.forName("xdev.niodev.NIODevice", true, type.getClassLoader())
            .getDeclaredMethod("rendezCtrlMsgR2S", SocketChannel.class, type);
    answer.setAccessible(true);
    method(lock, "acquire").invoke(lock);
    try {
      answer.invoke(null, channel, request);
    } finally {
      method(lock, "signal").invoke(lock);
    }
  }

  private static Method method(Object owner, String name) throws NoSuchMethodException {
    Method method = owner.getClass().getDeclaredMethod(name);
    method.setAccessible(true);
    return method;
  }

  /** Returns memory for what announces a message; the thread's own, and used at once. */
  public static ByteBuffer announcement() {
    return Objects.requireNonNull(ANNOUNCEMENT.get());
  }
}
