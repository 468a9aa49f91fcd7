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
 * How rank 0 and another rank prove to each other that they know the token. Each says a number that
 * was never said before, and answers the other's with a code (HMAC) of both numbers that only the
 * token gives; so neither the token nor anything that could be said again later is sent. First of
 * all each says of which job it is, so that ranks of another job find that out and go on looking.
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
   * A rank at the door.
   *
   * @param rank who it says it is; see {@link #declining}
   * @param size how many ranks it says there are
   * @param number its number
   * @param isProven whether it knows the token
   */
  @SuppressWarnings("ArrayRecordComponent") // Read once, never compared.
  record Guest(int rank, int size, byte[] number, boolean isProven) {}

  /**
   * What rank 0 answered.
   *
   * @param answer the answer
   * @param size how many ranks it says there are
   */
  record Reply(Answer answer, int size) {}

  private static final long GREETING = 0x4653_5447_5250_0002L;
  private static final String ALGORITHM = "HmacSHA256";
  private static final int NUMBER = 32;
  private static final int CODE = 32;
  private static final int JOB = 32;

  /** How long a rank waits for a greeting: what else may listen at a port waits itself. */
  private static final Duration GREETING_PATIENCE = Duration.ofSeconds(5);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] job;
  private final SecretKeySpec key;

  Handshake(String token, String job) {
    this.job = digest(job);
    key = new SecretKeySpec(("fst:" + token).getBytes(StandardCharsets.UTF_8), ALGORITHM);
  }

  /** Returns what is said instead of a rank's number if that rank will not come; and back. */
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

  static byte[] newNumber() {
    byte[] number = new byte[NUMBER];
    RANDOM.nextBytes(number);
    return number;
  }

  /** Greets who has come, and listens to who it is. */
  Guest receive(Socket socket, byte[] own, Deadline deadline) throws IOException {
    say(socket, greeting(NUMBER).put(own).array());
    checkGreeting(Sockets.read(socket, Long.BYTES + JOB, deadline));
    ByteBuffer said = Sockets.read(socket, NUMBER + 2 * Integer.BYTES + CODE, deadline);
    byte[] number = take(said, NUMBER);
    int rank = said.getInt();
    int size = said.getInt();
    byte[] code = code('M', own, number, rank, size);
    return new Guest(rank, size, number, MessageDigest.isEqual(code, take(said, CODE)));
  }

  /** Answers a rank at the door; a stranger gets no code, from which it could guess the token. */
  void answer(Socket socket, byte[] own, Guest guest, Reply reply) throws IOException {
    int answer = reply.answer().number;
    byte[] code =
        guest.isProven() ? code('H', guest.number(), own, answer, reply.size()) : new byte[CODE];
    say(
        socket,
        ByteBuffer.allocate(2 * Integer.BYTES + CODE)
            .putInt(answer)
            .putInt(reply.size())
            .put(code)
            .array());
  }

  /** Says to rank 0 who this is, and listens to its answer. */
  Reply knock(Socket socket, int rank, int size, Deadline deadline) throws IOException {
    ByteBuffer greeting =
        Sockets.read(
            socket, Long.BYTES + JOB + NUMBER, Sockets.sooner(deadline, GREETING_PATIENCE));
    try {
      checkGreeting(greeting);
    } catch (OtherJobException e) {
      say(socket, greeting(0).array()); // So that it is not taken for a stranger.
      throw e;
    }
    byte[] number = take(greeting, NUMBER);
    byte[] own = newNumber();
    say(
        socket,
        greeting(NUMBER + 2 * Integer.BYTES + CODE)
            .put(own)
            .putInt(rank)
            .putInt(size)
            .put(code('M', number, own, rank, size))
            .array());
    ByteBuffer said = Sockets.read(socket, 2 * Integer.BYTES + CODE, deadline);
    int answer = said.getInt();
    int answeredSize = said.getInt();
    byte[] code = code('H', own, number, answer, answeredSize);
    // A rank 0 that can't prove that it knows the token counts as one that knows another.
    boolean isProven = MessageDigest.isEqual(code, take(said, CODE));
    return new Reply(isProven ? Answer.of(answer) : Answer.WRONG_TOKEN, answeredSize);
  }

  /** Returns the start of what either side says first, with room for more. */
  private ByteBuffer greeting(int more) {
    return ByteBuffer.allocate(Long.BYTES + JOB + more).putLong(GREETING).put(job);
  }

  private void checkGreeting(ByteBuffer said) throws IOException {
    if (said.getLong() != GREETING) {
      throw new IOException("another kind of program");
    }
    if (!Arrays.equals(take(said, JOB), job)) {
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

  private static byte[] take(ByteBuffer said, int bytes) {
    byte[] taken = new byte[bytes];
    said.get(taken);
    return taken;
  }

  private static void say(Socket socket, byte[] what) throws IOException {
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
