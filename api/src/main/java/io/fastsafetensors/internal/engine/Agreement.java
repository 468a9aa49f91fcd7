// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Steps that all ranks take or none: a rank that fails tells the others before they go on. */
final class Agreement {
  private static final String AGREEMENT = "agreement";

  /** How much of a call is told in full, in characters. */
  private static final int LONGEST_TEXT = 1 << 16;

  private Agreement() {}

  /**
   * One rank's part of a step.
   *
   * @param <T> what it makes
   */
  @FunctionalInterface
  interface Step<T> {
    T run() throws LoadException;
  }

  /**
   * Makes something on every rank, or on none.
   *
   * @param group the ranks
   * @param operation the step's name, for messages
   * @param timeout how long to wait for the other ranks
   * @param step makes this rank's
   * @param undo takes it back if another rank failed
   * @return what the step made
   * @throws LoadException this rank's own failure, or one that names the rank that failed
   */
  static <T> T make(
      Transport group, String operation, Duration timeout, Step<T> step, Consumer<T> undo)
      throws LoadException {
    T made = tryStep(group, operation, timeout, step);
    try {
      tell(group, operation, timeout, new byte[0]);
      return made;
    } catch (Throwable e) {
      Cleanup.after(e, () -> undo.accept(made));
      throw e;
    }
  }

  /**
   * Exchanges what every rank has to tell.
   *
   * @param group the ranks
   * @param operation the step's name, for messages
   * @param step finds what this rank has to tell
   * @return what every rank told, by rank
   * @throws LoadException this rank's own failure, or one that names the rank that failed
   */
  static List<byte[]> gather(Transport group, String operation, Step<byte[]> step)
      throws LoadException {
    return gather(group, operation, group.timeout(), step);
  }

  /** As {@link #gather(Transport, String, Step)}, with a timeout of its own. */
  static List<byte[]> gather(Transport group, String operation, Duration timeout, Step<byte[]> step)
      throws LoadException {
    byte[] told = tryStep(group, operation, timeout, step);
    return tell(group, operation, timeout, told);
  }

  private static <T> T tryStep(Transport group, String operation, Duration timeout, Step<T> step)
      throws LoadException {
    try {
      return step.run();
    } catch (Throwable e) {
      tellFailure(group, operation, timeout, e);
      throw e;
    }
  }

  /** Tells the other ranks that this one failed in a step. */
  static void tellFailure(Transport group, String operation, Duration timeout, Throwable failure) {
    String reason = failure.getClass().getSimpleName() + ": " + failure.getMessage();
    byte[] told = reason.getBytes(StandardCharsets.UTF_8);
    try {
      group.allGather(new StepMessage(true, operation, told).encode(), timeout);
    } catch (LoadException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Tells the other ranks that this one has done a step.
   *
   * @return what every rank told, by rank
   * @throws CollectiveException the same on all ranks: which rank failed, or is at another step
   */
  static List<byte[]> tell(Transport group, String operation, Duration timeout, byte[] told)
      throws LoadException {
    byte[] mine = new StepMessage(false, operation, told).encode();
    List<byte[]> all = new ArrayList<>();
    for (byte[] message : group.allGather(mine, timeout)) {
      all.add(read(group, operation, all.size(), StepMessage.decode(message)));
    }
    return all;
  }

  private static byte[] read(Transport group, String operation, int rank, StepMessage message)
      throws CollectiveException {
    if (message.failed()) {
      throw failure(group, operation, rank, "failed there: " + message.text());
    }
    if (!message.operation().equals(operation)) {
      throw failure(group, operation, rank, "the ranks disagree: it is at " + message.operation());
    }
    return message.told();
  }

  private static CollectiveException failure(
      Transport group, String operation, int rank, String detail) {
    return new CollectiveException(group.rank(), operation, rank, detail, null);
  }

  /**
   * Checks that all ranks ask for the same, so that none gets another's tensor for its own, and
   * that none refuses, so that none waits for it.
   *
   * @param group the ranks
   * @param call the call's name
   * @param timeout how long to wait for the other ranks
   * @param asked what this rank asks for
   * @return the requests
   * @throws LoadException this rank's own refusal, or one that names the rank that refused
   * @throws CollectiveException the same on every rank: which ranks differ, and in what
   */
  static List<Request> agreeOn(Transport group, String call, Duration timeout, Asked asked)
      throws LoadException {
    List<Request> requests = tryStep(group, AGREEMENT, timeout, asked::requests);
    Stream<String> text = Stream.concat(Stream.of(call), requests.stream().map(Request::toString));
    agreeOn(group, timeout, text);
    return requests;
  }

  /**
   * Checks that all ranks call the same with the same.
   *
   * @param group the ranks
   * @param call this rank's call and its arguments, one a line
   * @throws CollectiveException the same on every rank: which ranks differ, and in what
   */
  static void agreeOn(Transport group, Stream<String> call) throws LoadException {
    agreeOn(group, group.timeout(), call);
  }

  private static void agreeOn(Transport group, Duration timeout, Stream<String> call)
      throws LoadException {
    byte[] text = shortened(call).getBytes(StandardCharsets.UTF_8);
    List<byte[]> all = tell(group, AGREEMENT, timeout, text);
    for (int rank = 1; rank < all.size(); rank++) {
      if (!Arrays.equals(all.getFirst(), all.get(rank))) {
        String difference = difference(all.getFirst(), all.get(rank), rank);
        throw failure(group, AGREEMENT, rank, "the ranks disagree: " + difference);
      }
    }
  }

  /** A long text is compared by a digest: the first lines are enough to see what differs. */
  private static String shortened(Stream<String> description) {
    String text = description.collect(Collectors.joining("\n"));
    return text.length() <= LONGEST_TEXT
        ? text
        : text.substring(0, LONGEST_TEXT)
            + "\n... "
            + text.length()
            + " characters with digest "
            + digest(List.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the SHA-256 digest of some pieces of data, in hexadecimal digits. */
  static String digest(List<byte[]> pieces) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      pieces.forEach(digest::update);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static String difference(byte[] first, byte[] other, int rank) {
    List<String> a = lines(first);
    List<String> b = lines(other);
    int line = 0;
    while (line < Math.min(a.size(), b.size()) && a.get(line).equals(b.get(line))) {
      line++;
    }
    return "rank 0 has %s, rank %s has %s".formatted(at(a, line), rank, at(b, line));
  }

  private static List<String> lines(byte[] text) {
    return new String(text, StandardCharsets.UTF_8).lines().toList();
  }

  private static String at(List<String> lines, int line) {
    return line < lines.size() ? "'" + lines.get(line) + "'" : "nothing more";
  }
}
