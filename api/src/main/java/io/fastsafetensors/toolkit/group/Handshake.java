// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.io.Serial;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Mutual authentication of rank 0 and another rank by challenge and response. Each sends a fresh
 * nonce, and answers the other's with an HMAC of both nonces, keyed by the token; so neither the
 * token nor anything that could be replayed is sent. Before that each sends the digest of its job,
 * so that ranks of another job find that out and go on looking.
 */
final class Handshake {
  /** What rank 0 answers. */
  enum Answer {
    WELCOME(1),
    WRONG_TOKEN(2),
    WRONG_SIZE(3),
    RANK_TAKEN(4);

    private final int number;

    Answer(int number) {
      this.number = number;
    }

    private static Answer of(int number) throws IOException {
      return Arrays.stream(values())
          .filter(answer -> answer.number == number)
          .findFirst()
          .orElseThrow(() -> new IOException("no answer has number " + number));
    }
  }

  /**
   * A rank that connects.
   *
   * @param rank the rank that it claims; see {@link #declining}
   * @param size how many ranks it expects
   * @param nonce its nonce
   * @param isAuthenticated whether it knows the token
   */
  @SuppressWarnings("ArrayRecordComponent") // Read once, never compared.
  record Peer(int rank, int size, byte[] nonce, boolean isAuthenticated) {}

  /**
   * What rank 0 answered.
   *
   * @param answer the answer
   * @param size how many ranks it expects
   */
  record Reply(Answer answer, int size) {}

  private static final long GREETING = 0x4653_5447_5250_0002L;
  private static final String ALGORITHM = "HmacSHA256";
  private static final int NONCE = 32;
  private static final int CODE = 32;
  private static final int JOB = 32;

  /** How long a rank waits for a greeting: another program at the port may never send. */
  private static final Duration GREETING_PATIENCE = Duration.ofSeconds(5);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] job;
  private final SecretKeySpec key;

  Handshake(String token, String job) {
    this.job = digest(job);
    key = new SecretKeySpec(("fst:" + token).getBytes(StandardCharsets.UTF_8), ALGORITHM);
  }

  /** Returns what is sent instead of a rank if that rank will not come; and back. */
  static int declining(int rank) {
    return -1 - rank;
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static byte[] newNonce() {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  /** Rank 0: sends the greeting, and reads who has connected. */
  Peer receive(Socket socket, byte[] own, Deadline deadline) throws IOException {
    write(socket, greeting(NONCE).put(own).array());
    checkGreeting(Sockets.read(socket, Long.BYTES + JOB, deadline));
    ByteBuffer received = Sockets.read(socket, NONCE + 2 * Integer.BYTES + CODE, deadline);
    byte[] nonce = take(received, NONCE);
    int rank = received.getInt();
    int size = received.getInt();
    byte[] code = code('M', own, nonce, rank, size);
    return new Peer(rank, size, nonce, MessageDigest.isEqual(code, take(received, CODE)));
  }

  /** Rank 0: answers a peer; one that is not authenticated gets no code to guess the token by. */
  void answer(Socket socket, byte[] own, Peer peer, Reply reply) throws IOException {
    int answer = reply.answer().number;
    byte[] code =
        peer.isAuthenticated()
            ? code('H', peer.nonce(), own, answer, reply.size())
            : new byte[CODE];
    write(
        socket,
        ByteBuffer.allocate(2 * Integer.BYTES + CODE)
            .putInt(answer)
            .putInt(reply.size())
            .put(code)
            .array());
  }

  /** Another rank: sends to rank 0 who this is, and reads its answer. */
  Reply connect(Socket socket, int rank, int size, Deadline deadline) throws IOException {
    ByteBuffer greeting =
        Sockets.read(socket, Long.BYTES + JOB + NONCE, Sockets.sooner(deadline, GREETING_PATIENCE));
    try {
      checkGreeting(greeting);
    } catch (OtherJobException e) {
      write(socket, greeting(0).array()); // So that rank 0 sees another job, not a stranger.
      throw e;
    }
    byte[] nonce = take(greeting, NONCE);
    byte[] own = newNonce();
    write(
        socket,
        greeting(NONCE + 2 * Integer.BYTES + CODE)
            .put(own)
            .putInt(rank)
            .putInt(size)
            .put(code('M', nonce, own, rank, size))
            .array());
    ByteBuffer received = Sockets.read(socket, 2 * Integer.BYTES + CODE, deadline);
    int answer = received.getInt();
    int answeredSize = received.getInt();
    byte[] code = code('H', own, nonce, answer, answeredSize);
    // A rank 0 that can't prove that it knows the token counts as one that knows another.
    boolean isAuthenticated = MessageDigest.isEqual(code, take(received, CODE));
    return new Reply(isAuthenticated ? Answer.of(answer) : Answer.WRONG_TOKEN, answeredSize);
  }

  /** Returns the start of what either side sends first, with room for more. */
  private ByteBuffer greeting(int more) {
    return ByteBuffer.allocate(Long.BYTES + JOB + more).putLong(GREETING).put(job);
  }

  private void checkGreeting(ByteBuffer received) throws IOException {
    if (received.getLong() != GREETING) {
      throw new IOException("another kind of program");
    }
    if (!Arrays.equals(take(received, JOB), job)) {
      throw new OtherJobException();
    }
  }

  /** Both sides are ranks, of different jobs. */
  static final class OtherJobException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private OtherJobException() {
      super("a rank of another job");
    }
  }

  private static byte[] take(ByteBuffer received, int bytes) {
    byte[] taken = new byte[bytes];
    received.get(taken);
    return taken;
  }

  private static void write(Socket socket, byte[] what) throws IOException {
    socket.getOutputStream().write(what);
  }

  private byte[] code(char role, byte[] answered, byte[] own, int first, int second) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update((byte) role);
      mac.update(answered);
      mac.update(own);
      return mac.doFinal(
          ByteBuffer.allocate(2 * Integer.BYTES).putInt(first).putInt(second).array());
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has " + ALGORITHM, e);
    }
  }
}
